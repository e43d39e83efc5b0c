use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;

use crate::child::{Child, wait_until};
use crate::{free_port, http, tools};

/// What a client of the provider authenticates with: see `provider.mjs`.
const SECRET: &str = "for tests alone";

/// A real OpenID provider, as an agency runs one.
#[derive(Debug)]
pub struct Provider {
    child: Option<Child>,
    directory: TempDir,
    port: u16,
    subjects: Vec<String>,
}

impl Provider {
    /// Starts one that knows these subjects, and signs with a new key of this id.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub async fn start(key_id: &str, subjects: &[&str]) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("alongside-oidc-").tempdir()?;
        let subjects = subjects.iter().map(|subject| (*subject).to_owned()).collect();
        let mut provider = Self { child: None, directory, port: free_port()?, subjects };
        provider.restart(key_id).await?;
        Ok(provider)
    }

    /// Its `iss`.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Stops it.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        self.child.take().map_or(Ok(()), |mut child| child.kill())
    }

    /// Starts it again, with a new key of this id and none that it had before.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(&mut self, key_id: &str) -> anyhow::Result<()> {
        self.stop()?;
        // Node finds the package beside the script.
        let script: PathBuf = tools::oidc_provider()?.join(format!("provider-{}.mjs", self.port));
        std::fs::write(&script, include_str!("../provider.mjs"))?;
        let mut command = Command::new("node");
        command.arg(&script).args([&self.issuer(), &self.port.to_string(), key_id]).args(&self.subjects);
        self.child = Some(Child::start(&mut command, &self.directory.path().join("provider.log"))?);
        let port = self.port;
        let answers = || async { Ok(http(port, "GET", "/jwks", &[], "").await.is_ok_and(|r| r.contains("200 OK"))) };
        wait_until("the OpenID provider", answers).await?;
        Ok(std::fs::remove_file(script)?)
    }

    /// A token for a subject.
    ///
    /// # Errors
    /// When the provider does not give one.
    pub async fn token(&self, subject: &str) -> anyhow::Result<String> {
        self.token_for(subject, "", "").await
    }

    /// A token for a subject, of which the provider knows by this certificate, PEM, and for these scopes; neither when it is empty.
    ///
    /// # Errors
    /// When the provider does not give one.
    pub async fn token_for(&self, subject: &str, certificate: &str, scope: &str) -> anyhow::Result<String> {
        let secret = SECRET.replace(' ', "%20");
        let authorization = format!("Basic {}", STANDARD.encode(format!("{subject}:{secret}")));
        let certificate: String = certificate.lines().filter(|line| !line.starts_with('-')).collect();
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("client-cert", &certificate),
        ];
        let scope = scope.replace(' ', "%20");
        let form = format!("grant_type=client_credentials&resource=urn:alongside&scope={scope}");
        let response = http(self.port, "POST", "/token", &headers, &form).await?;
        let body = response.split("\r\n\r\n").nth(1).context("an answer has a body")?;
        let answer: Value = serde_json::from_str(body).with_context(|| format!("the provider answered `{body}`"))?;
        Ok(answer.get("access_token").and_then(Value::as_str).context("an access token")?.to_owned())
    }
}

/// A real OpenID provider of people: whoever types a name signs in as that.
#[derive(Debug)]
pub struct PeopleProvider {
    _child: Child,
    directory: TempDir,
    port: u16,
}

impl PeopleProvider {
    /// Our id there.
    pub const CLIENT: &str = "pages";

    /// Starts one, whose client is sent back to `redirect`, and has a key of its own.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub async fn start(redirect: &str) -> anyhow::Result<Self> {
        let (directory, port) = (tempfile::Builder::new().prefix("alongside-people-").tempdir()?, free_port()?);
        let key = directory.path().join("client.pem");
        node::files::write_private(&key, rcgen::KeyPair::generate()?.serialize_pem().as_bytes())?;
        // Node finds the package beside the script.
        let script: PathBuf = tools::oidc_provider()?.join(format!("people-{port}.mjs"));
        std::fs::write(&script, include_str!("../people_provider.mjs"))?;
        let mut command = Command::new("node");
        let issuer = format!("http://127.0.0.1:{port}");
        command.arg(&script).args([&issuer, &port.to_string(), Self::CLIENT]).arg(&key).arg(redirect);
        let child = Child::start(&mut command, &directory.path().join("provider.log"))?;
        let answers = || async { Ok(http(port, "GET", "/jwks", &[], "").await.is_ok_and(|r| r.contains("200 OK"))) };
        wait_until("the OpenID provider of people", answers).await?;
        std::fs::remove_file(script)?;
        Ok(Self { _child: child, directory, port })
    }

    /// Its `iss`.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where the client's private key is.
    #[must_use]
    pub fn client_key(&self) -> PathBuf {
        self.directory.path().join("client.pem")
    }
}
