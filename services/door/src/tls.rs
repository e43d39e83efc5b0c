//! TLS: the server's certificate, and whose certificates callers may show. Read again when told to, for connections from then on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use tokio_rustls::TlsAcceptor;

/// What is spoken over TLS, the best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Where the certificates are: PEM files.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    /// The server's chain, its own first.
    pub certificate: PathBuf,
    /// Its private key.
    pub private_key: PathBuf,
    /// Whose certificates callers may show; none asks for none.
    pub client_authority: Option<PathBuf>,
}

/// The certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file has none, or cannot be read.
    #[error("`{}` cannot be read as PEM", .0.display())]
    File(PathBuf, #[source] rustls::pki_types::pem::Error),
    /// Whose certificates callers may show is not said by any.
    #[error("`{}` names nobody whose certificates callers may show", .0.display())]
    Authority(PathBuf),
    /// They do not belong together, or are of a kind that is not known.
    #[error("the certificate and its key cannot be used")]
    Unusable(#[from] rustls::Error),
    /// Whose certificates callers may show cannot be used.
    #[error("whose certificates callers may show cannot be used")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// The certificates in use.
pub struct Tls {
    files: CertificateFiles,
    acceptor: RwLock<TlsAcceptor>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads them.
    ///
    /// # Errors
    /// When one is not there, or they cannot be used.
    pub fn read(files: CertificateFiles) -> Result<Self, TlsError> {
        let acceptor = RwLock::new(acceptor(&files)?);
        Ok(Self { files, acceptor })
    }

    /// Reads them again. Connections from now on have them; those that are open go on.
    ///
    /// # Errors
    /// When one is not there, or they cannot be used: those in use stay.
    pub fn reload(&self) -> Result<(), TlsError> {
        let fresh = acceptor(&self.files)?;
        *self.acceptor.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |cause| TlsError::File(file.to_owned(), cause);
    CertificateDer::pem_file_iter(file).map_err(unreadable)?.collect::<Result<_, _>>().map_err(unreadable)
}

fn acceptor(files: &CertificateFiles) -> Result<TlsAcceptor, TlsError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.private_key);
    let key = key.map_err(|cause| TlsError::File(files.private_key.clone(), cause))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let builder = match &files.client_authority {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            if roots.add_parsable_certificates(certificates(file)?).0 == 0 {
                return Err(TlsError::Authority(file.clone()));
            }
            // People and workers need none.
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).allow_unauthenticated();
            builder.with_client_cert_verifier(verifier.build()?)
        }
    };
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(TlsAcceptor::from(Arc::new(config)))
}
