use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::child::{Child, wait_until};
use crate::{Authority, Cluster, free_port, tools};

/// What is signed in with: see `mail_server.py`.
const USER: &str = "alongside";
const PASSWORD: &str = "for tests alone";

/// A real mail server.
#[derive(Debug)]
pub struct MailServer {
    child: Option<Child>,
    directory: TempDir,
    port: u16,
}

/// A message that it took.
#[derive(Debug, Clone)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// All of it: headers, a blank line, the body.
    pub text: String,
}

impl Mail {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let prefix = format!("{name}: ");
        self.text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(&prefix)).unwrap_or("")
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

impl MailServer {
    /// Starts one.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub async fn start() -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("alongside-mail-").tempdir()?;
        let authority = Authority::new()?;
        let (certificate, key) = authority.issue("localhost")?;
        for (name, text) in [
            ("authority.pem", authority.certificate()),
            ("certificate.pem", certificate),
            ("key.pem", key),
            ("password", format!("{PASSWORD}\n")),
        ] {
            node::files::write_private(&directory.path().join(name), text.as_bytes())?;
        }
        let mut server = Self { child: None, directory, port: free_port()? };
        server.restart().await?;
        Ok(server)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Stops it.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        self.child.take().map_or(Ok(()), |mut child| child.kill())
    }

    /// Starts it again, with all that it took.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.stop()?;
        let mut command = tools::python()?;
        command.arg(tools::workspace().join("tests/harness/mail_server.py")).arg(self.port.to_string());
        command.args(["mail", "certificate.pem", "key.pem"].map(|name| self.file(name))).args([USER, PASSWORD]);
        self.child = Some(Child::start(&mut command, &self.file("log"))?);
        let port = self.port;
        let answers = || async { Ok(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()) };
        wait_until("the mail server", answers).await
    }

    /// A system that tells people by it.
    pub fn configure(&self, cluster: &mut Cluster) {
        let text = |file: &str| self.file(file).display().to_string();
        let mut smtp = toml::Table::new();
        for (name, value) in [
            ("host", "localhost".to_owned()),
            ("authority", text("authority.pem")),
            ("user", USER.to_owned()),
            ("password", format!("file:{}", text("password"))),
            ("from", "Alongside <no-reply@alongside.example>".to_owned()),
        ] {
            smtp.insert(name.into(), value.into());
        }
        smtp.insert("port".into(), i64::from(self.port).into());
        cluster.set("notices", "smtp", smtp);
    }

    /// What a system signs in with is right from now on, or wrong.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_password(&self, is_right: bool) -> anyhow::Result<()> {
        Ok(std::fs::write(self.file("password"), if is_right { PASSWORD } else { "another" })?)
    }

    /// All that it took.
    ///
    /// # Errors
    /// When what it wrote cannot be read.
    pub fn took(&self) -> anyhow::Result<Vec<Mail>> {
        let written = std::fs::read_to_string(self.file("mail")).unwrap_or_default();
        let mail = |line: &str| {
            let mail: Value = serde_json::from_str(line)?;
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let to = mail.get("to").and_then(|to| to.get(0)).map(text).unwrap_or_default();
            Ok(Mail { to, text: mail.get("data").map(text).unwrap_or_default() })
        };
        written.lines().map(mail).collect()
    }
}
