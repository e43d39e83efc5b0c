//! A key that signs tokens: the built-in issuer of `dev` and `demo`. No other mode trusts it by itself.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use domain::ids::{AgencyId, PersonId};
use gate::{Binding, Issuer};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

/// The `aud` of every token.
pub const AUDIENCE: &str = "alongside";
/// How long a token holds.
const HOLDS_SECONDS: u64 = 12 * 60 * 60;
const KEY_ID: &str = "dev";

/// Signs tokens for anybody.
pub struct TokenSigner {
    key: EncodingKey,
}

impl std::fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSigner").finish_non_exhaustive()
    }
}

/// The name of the issuer that speaks for this binding.
#[must_use]
pub fn issuer_name(binding: Binding) -> String {
    match binding {
        Binding::Agency(agency) => format!("https://dev.alongside.invalid/agencies/{agency}"),
        Binding::PeopleById => "https://dev.alongside.invalid/people".into(),
        Binding::People => "https://people.alongside.invalid".into(),
        Binding::Operators => "https://dev.alongside.invalid/operators".into(),
    }
}

impl TokenSigner {
    /// The key in this file, made when there is none.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(file: &Path) -> anyhow::Result<Self> {
        if !file.exists() {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
            let pkcs8 = pkcs8.map_err(|_cause| anyhow::anyhow!("the operating system gives no random bytes"))?;
            crate::files::write_private(file, pkcs8.as_ref())?;
        }
        let der = std::fs::read(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
        Ok(Self { key: EncodingKey::from_ec_der(&der) })
    }

    /// The public key, as a JSON Web Key Set.
    ///
    /// # Errors
    /// When the file held no P-256 key.
    pub fn key_set(&self) -> anyhow::Result<JwkSet> {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::ES256).context("the signing key cannot be used")?;
        jwk.common.key_id = Some(KEY_ID.into());
        Ok(JwkSet { keys: vec![jwk] })
    }

    /// The issuer for this binding, to be trusted.
    ///
    /// # Errors
    /// When the file held no P-256 key.
    pub fn issuer(&self, binding: Binding) -> anyhow::Result<Issuer> {
        Ok(Issuer {
            issuer: issuer_name(binding),
            audience: AUDIENCE.into(),
            keys: gate::KeySource::Given(self.key_set()?),
            binding,
        })
    }

    /// A token for this subject of the issuer that speaks for this binding.
    ///
    /// # Errors
    /// When the file held no P-256 key.
    pub fn sign(&self, binding: Binding, subject: &str) -> anyhow::Result<String> {
        self.sign_as(&issuer_name(binding), subject)
    }

    /// A token for this subject of the issuer with this name.
    ///
    /// # Errors
    /// When the file held no P-256 key.
    pub fn sign_as(&self, issuer: &str, subject: &str) -> anyhow::Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let claims = json!({
            "iss": issuer, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + HOLDS_SECONDS,
        });
        let header = Header { kid: Some(KEY_ID.into()), ..Header::new(Algorithm::ES256) };
        Ok(jsonwebtoken::encode(&header, &claims, &self.key)?)
    }

    /// A token for a person.
    ///
    /// # Errors
    /// As [`TokenSigner::sign`].
    pub fn person(&self, person: PersonId) -> anyhow::Result<String> {
        self.sign(Binding::PeopleById, &person.to_string())
    }

    /// A token for a worker of an agency.
    ///
    /// # Errors
    /// As [`TokenSigner::sign`].
    pub fn staff(&self, agency: AgencyId, subject: &str) -> anyhow::Result<String> {
        self.sign(Binding::Agency(agency), subject)
    }

    /// A token for those who run the system.
    ///
    /// # Errors
    /// As [`TokenSigner::sign`].
    pub fn operator(&self) -> anyhow::Result<String> {
        self.sign(Binding::Operators, "operator")
    }
}
