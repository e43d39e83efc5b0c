//! E-mail over SMTP. What takes time comes first: the server is ready for the message before it is found out once more that it may leave.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailCommand, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use uuid::Uuid;

use crate::NoticeError;
use crate::sender::Unsent;
use crate::text::Text;

/// How long the mail server may take until it is ready for a message.
const READY_LIMIT: Duration = Duration::from_secs(15);
/// How long it may take to say that it has it: meanwhile nobody knows. RFC 5321, section 4.5.3.2.6, has ten minutes, for messages of any length.
const TAKEN_LIMIT: Duration = Duration::from_secs(120);
/// Answers to a recipient that say that there is no such mailbox, and that trying again is of no use (RFC 5321, section 4.2.3).
const NO_MAILBOX: [&str; 3] = ["550", "551", "553"];

/// How the connection to the mail server is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte on.
    Tls,
    /// TLS before anything is said (`STARTTLS`), or nothing is.
    StartTls,
    /// Not at all.
    None,
}

/// A mail server.
#[derive(Clone)]
pub struct MailSettings {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept from others.
    pub security: MailSecurity,
    /// A PEM file's text: whose certificate it has; whoever the machine trusts when absent.
    pub authority: Option<String>,
    /// What is signed in with: a name and a password.
    pub credentials: Option<(String, String)>,
    /// From whom mail is.
    pub from: String,
}

impl std::fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailSettings").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// Sends mail.
pub(crate) struct Mail {
    server: (String, u16),
    security: MailSecurity,
    tls: TlsParameters,
    credentials: Option<Credentials>,
    from: Mailbox,
    /// Whether the last message could not be sent: what fails on and on is news once.
    fails: AtomicBool,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("server", &self.server).finish_non_exhaustive()
    }
}

/// Nobody has written this, and nobody is to answer it by a machine: <https://www.rfc-editor.org/rfc/rfc3834>.
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// A server that is ready for a message, and the message.
pub(crate) struct ReadyMail<'a> {
    mail: &'a Mail,
    connection: AsyncSmtpConnection,
    message: Vec<u8>,
}

impl Mail {
    /// Sends with this server.
    ///
    /// # Errors
    /// When an address or a certificate cannot be read.
    pub(crate) fn new(settings: MailSettings) -> Result<Self, NoticeError> {
        let MailSettings { host, port, security, authority, credentials, from } = settings;
        let wrong = |error: SmtpError| NoticeError::Mail(error.into());
        let mut tls = TlsParameters::builder(host.clone());
        if let Some(authority) = authority {
            tls = tls.add_root_certificate(Certificate::from_pem(authority.as_bytes()).map_err(wrong)?);
        }
        let from = from.parse().map_err(|error: lettre::address::AddressError| NoticeError::Mail(error.into()))?;
        Ok(Self {
            server: (host, port),
            security,
            tls: tls.build().map_err(wrong)?,
            credentials: credentials.map(|(user, password)| Credentials::new(user, password)),
            from,
            fails: AtomicBool::new(false),
        })
    }

    /// Whether mail can be sent to this address, as far as it tells by itself.
    pub(crate) fn is_address(address: &str) -> bool {
        address.is_ascii() && address.parse::<lettre::Address>().is_ok()
    }

    /// Gets as far with a message under this id as it can be taken back.
    pub(crate) async fn ready(&self, id: Uuid, to: &str, text: &Text) -> Result<ReadyMail<'_>, Unsent> {
        let message = self.message(id, to, text)?;
        let address = to.parse().map_err(|_cause| no_mailbox())?;
        let getting_ready = tokio::time::timeout(READY_LIMIT, self.connect(address)).await;
        match getting_ready {
            Ok(Ok(Ok(connection))) => Ok(ReadyMail { mail: self, connection, message }),
            Ok(Ok(Err(unsent))) => Err(unsent),
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(_elapsed) => Err(self.is_away()),
        }
    }

    fn message(&self, id: Uuid, to: &str, text: &Text) -> Result<Vec<u8>, Unsent> {
        let to = to.parse().map_err(|_cause| no_mailbox())?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(text.subject)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(text.body.clone());
        message.map(|message| message.formatted()).map_err(|_cause| no_mailbox())
    }

    /// A connection on which the server waits for a message to this address.
    async fn connect(&self, to: lettre::Address) -> Result<Result<AsyncSmtpConnection, Unsent>, SmtpError> {
        let us = ClientId::default();
        let tls = (self.security == MailSecurity::Tls).then(|| self.tls.clone());
        let server = (self.server.0.as_str(), self.server.1);
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, Some(READY_LIMIT), &us, tls, None).await?;
        if self.security == MailSecurity::StartTls {
            connection.starttls(self.tls.clone(), &us).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        connection.command(MailCommand::new(Some(self.from.email.clone()), vec![])).await?;
        if let Err(error) = connection.command(Rcpt::new(to, vec![])).await {
            let says = |code: &str| error.status().is_some_and(|status| status.to_string() == code);
            return if NO_MAILBOX.into_iter().any(says) { Ok(Err(no_mailbox())) } else { Err(error) };
        }
        connection.command(Data).await?;
        Ok(Ok(connection))
    }

    /// Something is wrong with the server, and not with whom it was to go to. What it says may name them.
    fn failed(&self, error: &SmtpError) -> Unsent {
        if !self.fails.swap(true, Ordering::Relaxed) {
            let status = error.status().map(|status| status.to_string());
            let (is_tls, is_timeout) = (error.is_tls(), error.is_timeout());
            tracing::warn!(status, is_tls, is_timeout, "the mail server takes no mail; it is tried again");
        }
        let what = if error.is_response() || error.status().is_some() {
            "takes no mail just now"
        } else {
            "cannot be reached"
        };
        Unsent { why: format!("the mail server {what}"), for_good: false }
    }

    fn is_away(&self) -> Unsent {
        if !self.fails.swap(true, Ordering::Relaxed) {
            tracing::warn!("the mail server does not answer; it is tried again");
        }
        Unsent { why: "the mail server does not answer".to_owned(), for_good: false }
    }
}

impl ReadyMail<'_> {
    /// Sends the message. Where this fails nobody may know whether it was taken.
    pub(crate) async fn leave(mut self) -> Result<(), Unsent> {
        match tokio::time::timeout(TAKEN_LIMIT, self.connection.message(&self.message)).await {
            Ok(Ok(_)) => {
                self.mail.fails.store(false, Ordering::Relaxed);
                // It has it, whatever it says to this.
                drop(tokio::time::timeout(Duration::from_secs(1), self.connection.quit()).await);
                Ok(())
            }
            Ok(Err(error)) => Err(self.mail.failed(&error)),
            Err(_elapsed) => Err(self.mail.is_away()),
        }
    }
}

fn no_mailbox() -> Unsent {
    Unsent::for_good("the mail server takes no mail for this address")
}
