//! Where NATS is, and what this process signs in to it with: in every form that NATS knows.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Auth, AuthError, Client, ConnectOptions, Event, ServerAddr};
use nkeys::KeyPair;
use percent_encoding::percent_decode_str;

use crate::BusError;
use crate::accounts::SigningError;

/// How long NATS may take to answer.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Pauses between attempts to connect: doubled each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// How often a server is asked whether it is there: one that hangs is left after three times as long.
const PING: Duration = Duration::from_secs(2);

/// Why servers cannot be used as they are named. Never holds a secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongServers(&'static str);

/// What is signed in with.
#[derive(Clone)]
enum SignIn {
    Nothing,
    Password {
        user: String,
        password: String,
    },
    Token(String),
    /// The file of an NKey's seed.
    Nkey(PathBuf),
    /// The file of a user's JWT and seed.
    Credentials(PathBuf),
    /// A JWT made anew for each connection, and the key that it is of.
    Made(Arc<dyn Fn() -> Result<String, SigningError> + Send + Sync>, Arc<KeyPair>),
}

/// NATS servers of one cluster, and what this process signs in to them with.
#[derive(Clone)]
pub struct NatsServers {
    addresses: Vec<ServerAddr>,
    sign_in: SignIn,
    /// Whose certificates are trusted, PEM; those that the machine trusts when there is none.
    authority: Option<PathBuf>,
    /// The certificate that this process shows, and its key, PEM.
    certificate: Option<(PathBuf, PathBuf)>,
    /// What the subjects begin with on which it is answered.
    inbox: Option<&'static str>,
}

impl std::fmt::Debug for NatsServers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hosts: Vec<_> = self.addresses.iter().map(|address| (address.host(), address.port())).collect();
        f.debug_struct("NatsServers").field("hosts", &hosts).finish_non_exhaustive()
    }
}

const FORM: WrongServers = WrongServers(
    "must be `nats://host:port` or `tls://host:port`, several separated by commas; percent-encode what a user or a password holds beside \
     letters and digits",
);
const ONE_SIGN_IN: WrongServers = WrongServers("must name one user and password, or one token, for all its servers");
const TWO_SIGN_INS: WrongServers = WrongServers(
    "must hold no user or token where a file says what is signed in with, and there must be one such file",
);

impl NatsServers {
    /// Servers as `nats://host:port` (or `tls://`), several separated by commas: with `user:password@` or `token@` before the host, percent-encoded.
    /// One that names nobody is signed in to as the others are.
    ///
    /// # Errors
    /// When they are not of that form, or name several users.
    pub fn read(urls: &str) -> Result<Self, WrongServers> {
        let mut servers =
            Self { addresses: vec![], sign_in: SignIn::Nothing, authority: None, certificate: None, inbox: None };
        for text in urls.split(',').map(str::trim) {
            // A user or password that is not encoded cuts the address short.
            if !(text.starts_with("nats://") || text.starts_with("tls://")) || text.matches('@').count() > 1 {
                return Err(FORM);
            }
            let address: ServerAddr = text.parse().map_err(|_cause| FORM)?;
            let mut url = address.into_inner();
            let decoded = |part: &str| {
                let text = percent_decode_str(part).decode_utf8().map_err(|_cause| FORM)?;
                Ok::<_, WrongServers>(text.into_owned())
            };
            let named = match (decoded(url.username())?, url.password().map(decoded).transpose()?) {
                (user, Some(password)) => Some(SignIn::Password { user, password }),
                (token, None) => (!token.is_empty()).then_some(SignIn::Token(token)),
            };
            let bare = url.set_username("").and_then(|()| url.set_password(None)).is_ok();
            let is_host = url.host_str().is_some_and(|host| !host.is_empty());
            let ends_there = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
            if !(bare && is_host && ends_there) || text.contains('@') != named.is_some() {
                return Err(FORM);
            }
            servers.addresses.push(ServerAddr::from_url(url).map_err(|_cause| FORM)?);
            servers.names(named)?;
        }
        Ok(servers)
    }

    fn names(&mut self, named: Option<SignIn>) -> Result<(), WrongServers> {
        match (&self.sign_in, named) {
            (_, None) => Ok(()),
            (SignIn::Nothing, Some(named)) => {
                self.sign_in = named;
                Ok(())
            }
            (SignIn::Token(before), Some(SignIn::Token(named))) if *before == named => Ok(()),
            (SignIn::Password { user, password }, Some(SignIn::Password { user: other, password: others }))
                if (user, password) == (&other, &others) =>
            {
                Ok(())
            }
            (_, Some(_)) => Err(ONE_SIGN_IN),
        }
    }

    fn signing_in(mut self, sign_in: SignIn) -> Result<Self, WrongServers> {
        if !matches!(self.sign_in, SignIn::Nothing) {
            return Err(TWO_SIGN_INS);
        }
        self.sign_in = sign_in;
        Ok(self)
    }

    /// Signs in with an NKey, whose seed this file holds. It is read at every connection.
    ///
    /// # Errors
    /// When there is something else to sign in with.
    pub fn with_nkey(self, file: PathBuf) -> Result<Self, WrongServers> {
        self.signing_in(SignIn::Nkey(file))
    }

    /// Signs in with a JWT and the key that it is of, as this `.creds` file holds them. It is read at every connection, so that it may be
    /// renewed.
    ///
    /// # Errors
    /// When there is something else to sign in with.
    pub fn with_credentials(self, file: PathBuf) -> Result<Self, WrongServers> {
        self.signing_in(SignIn::Credentials(file))
    }

    /// Signs in with a JWT that is made for each connection, and the key that it is of. One that cannot be made lets nobody in.
    ///
    /// # Errors
    /// When there is something else to sign in with.
    pub fn with_made(
        self,
        jwt: impl Fn() -> Result<String, SigningError> + Send + Sync + 'static,
        key: KeyPair,
    ) -> Result<Self, WrongServers> {
        self.signing_in(SignIn::Made(Arc::new(jwt), Arc::new(key)))
    }

    /// Trusts servers whose certificates these authorities have signed (a PEM file), and no others.
    #[must_use]
    pub fn trusting(self, authority: PathBuf) -> Self {
        Self { authority: Some(authority), ..self }
    }

    /// Shows this certificate to servers that ask for one, with its key: PEM files.
    #[must_use]
    pub fn showing(self, certificate: PathBuf, key: PathBuf) -> Self {
        Self { certificate: Some((certificate, key)), ..self }
    }

    /// Is answered on subjects that begin like this, on which others in the account do not hear.
    #[must_use]
    pub fn answered_on(self, inbox: &'static str) -> Self {
        Self { inbox: Some(inbox), ..self }
    }

    /// Where they are, without what is signed in with: for whoever is to connect with something of their own.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let host = |address: &ServerAddr| {
            let scheme = if address.tls_required() { "tls" } else { "nats" };
            let host = address.host();
            let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            format!("{scheme}://{host}:{}", address.port())
        };
        self.addresses.iter().map(host).collect()
    }

    /// Connects. A server that is not up yet is waited for in the background, and found again whenever it was away.
    ///
    /// # Errors
    /// When a file that it needs cannot be read, or holds something else.
    pub async fn connect(&self, name: &str) -> Result<Client, BusError> {
        // What is wrong with a file is said now, and not when a server refuses it.
        self.sign_in.at_connection(&[]).map_err(BusError::failed)?;
        let sign_in = self.sign_in.clone();
        let mut options = ConnectOptions::with_auth_callback(move |nonce| {
            let auth = sign_in.at_connection(&nonce).map_err(AuthError::new);
            std::future::ready(auth)
        });
        options = options.name(name).request_timeout(Some(ANSWER_LIMIT)).retry_on_initial_connect();
        options = options.reconnect_delay_callback(pause).ping_interval(PING);
        if let Some(inbox) = self.inbox {
            options = options.custom_inbox_prefix(inbox);
        }
        options = options.event_callback(|event| {
            tell(&event);
            std::future::ready(())
        });
        for file in self.authority.iter().chain(self.certificate.iter().flat_map(|(shown, key)| [shown, key])) {
            readable(file).map_err(BusError::failed)?;
        }
        if let Some(authority) = &self.authority {
            options = options.add_root_certificates(authority.clone());
        }
        if let Some((certificate, key)) = &self.certificate {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        options.connect(self.addresses.clone()).await.map_err(BusError::failed)
    }
}

/// How long to wait before the next attempt to connect.
fn pause(attempts: usize) -> Duration {
    let times = 2_u32.saturating_pow(u32::try_from(attempts).unwrap_or(u32::MAX));
    FIRST_PAUSE.saturating_mul(times).min(LONGEST_PAUSE)
}

/// What becomes of a connection is told to whoever runs the system: above all that it is refused.
fn tell(event: &Event) {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the library adds to them; what is left is of no interest to an operator"
    )]
    match event {
        Event::Connected => tracing::info!("connected to NATS"),
        Event::Disconnected => tracing::warn!("disconnected from NATS; it connects again"),
        Event::ServerError(error) => {
            tracing::warn!(error = error as &dyn std::error::Error, "NATS refuses something");
        }
        Event::ClientError(error) => tracing::warn!(%error, "NATS cannot be reached, or does not let this process in"),
        _ => {}
    }
}

impl SignIn {
    /// What the server is told; what it has sent is signed where a key is signed in with.
    fn at_connection(&self, nonce: &[u8]) -> Result<Auth, FileError> {
        let mut auth = Auth::new();
        match self {
            Self::Nothing => {}
            Self::Password { user, password } => {
                (auth.username, auth.password) = (Some(user.clone()), Some(password.clone()));
            }
            Self::Token(token) => auth.token = Some(token.clone()),
            Self::Nkey(file) => {
                let key = seed(&readable(file)?).ok_or_else(|| FileError::wrong(file, "no seed of an NKey"))?;
                (auth.nkey, auth.signature) = (Some(key.public_key()), key.sign(nonce).ok());
            }
            Self::Credentials(file) => {
                let (jwt, key) = credentials(&readable(file)?)
                    .ok_or_else(|| FileError::wrong(file, "no user's JWT with the seed of its NKey"))?;
                (auth.jwt, auth.signature) = (Some(jwt), key.sign(nonce).ok());
            }
            Self::Made(jwt, key) => (auth.jwt, auth.signature) = (jwt().ok(), key.sign(nonce).ok()),
        }
        Ok(auth)
    }
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{file}`: {problem}")]
struct FileError {
    file: String,
    problem: String,
}

impl FileError {
    fn wrong(file: &Path, holds: &str) -> Self {
        Self { file: file.display().to_string(), problem: format!("holds {holds}") }
    }
}

fn readable(file: &Path) -> Result<String, FileError> {
    let failed = |error: std::io::Error| FileError { file: file.display().to_string(), problem: error.to_string() };
    std::fs::read_to_string(file).map_err(failed)
}

/// The key whose seed stands on a line of its own.
fn seed(text: &str) -> Option<KeyPair> {
    text.lines().find_map(|line| KeyPair::from_seed(line.trim()).ok())
}

/// A user's JWT and key: <https://docs.nats.io/using-nats/developer/connecting/creds>.
fn credentials(text: &str) -> Option<(String, KeyPair)> {
    let jwt = text.lines().map(str::trim).find(|line| line.starts_with("eyJ"))?;
    Some((jwt.to_owned(), seed(text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(urls: &str) -> (Option<String>, Option<String>, Option<String>) {
        let auth = NatsServers::read(urls).unwrap().sign_in.at_connection(&[]).unwrap();
        (auth.username, auth.password, auth.token)
    }

    #[test]
    fn what_a_url_names_is_what_is_signed_in_with() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(with("nats://bus:4222"), (None, None, None));
        assert_eq!(with("nats://ann:secret@bus:4222"), (some("ann"), some("secret"), None));
        assert_eq!(with("tls://a%40n:p%2Fa%3As%25%2Cs@bus"), (some("a@n"), some("p/a:s%,s"), None));
        assert_eq!(with("nats://t%40ken@bus, nats://other"), (None, None, some("t@ken")));
        assert_eq!(with("nats://one,nats://a:b@two,nats://a:b@three"), (some("a"), some("b"), None));
        let addresses = NatsServers::read("nats://a:b@one:5,tls://[::1]").unwrap().addresses();
        assert_eq!(addresses, ["nats://one:5", "tls://[::1]:4222"]);
        assert_eq!(NatsServers::read(&addresses.join(",")).unwrap().addresses(), addresses);
    }

    #[test]
    fn what_cannot_take_effect_is_refused_without_saying_it() {
        let wrong = [
            "",
            "bus:4222",
            "http://bus",
            "nats://",
            "nats://user:se/cret@bus",
            "nats://user:sec@ret@bus",
            "nats://user:se,cret@bus",
            "nats://bus/secret",
            "nats://bus?password=secret",
            "nats://a:secret@one,nats://a:secre@two",
            "nats://secret@one,nats://a:secret@two",
            "nats://@bus",
            "nats://%ff:secret@bus",
            "nats://one,",
            "ws://bus",
        ];
        for urls in wrong {
            let error = NatsServers::read(urls).unwrap_err().to_string();
            assert!(!error.contains("secre"), "{urls}: {error}");
        }
        let named = || NatsServers::read("nats://a:b@one").unwrap();
        assert!(named().with_nkey("seed".into()).is_err() && named().with_credentials("creds".into()).is_err());
        let twice = NatsServers::read("nats://one").unwrap().with_nkey("seed".into()).unwrap();
        assert!(twice.with_credentials("creds".into()).is_err());
    }
}
