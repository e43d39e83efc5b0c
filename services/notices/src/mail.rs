//! E-mail over SMTP.

use std::time::Duration;

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use uuid::Uuid;

use crate::NoticeError;
use crate::sender::Unsent;
use crate::text::Text;

/// How long the mail server may take with one command.
const LIMIT: Duration = Duration::from_secs(10);

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
#[derive(Debug)]
pub(crate) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// What ids of messages end with.
    domain: String,
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

impl Mail {
    /// Sends with this server.
    ///
    /// # Errors
    /// When an address or a certificate cannot be read.
    pub(crate) fn new(settings: MailSettings) -> Result<Self, NoticeError> {
        let MailSettings { host, port, security, authority, credentials, from } = settings;
        let wrong = |error: lettre::transport::smtp::Error| NoticeError::Mail(error.into());
        let mut tls = TlsParameters::builder(host.clone());
        if let Some(authority) = authority {
            tls = tls.add_root_certificate(Certificate::from_pem(authority.as_bytes()).map_err(wrong)?);
        }
        let tls = tls.build().map_err(wrong)?;
        let tls = match security {
            MailSecurity::Tls => Tls::Wrapper(tls),
            MailSecurity::StartTls => Tls::Required(tls),
            MailSecurity::None => Tls::None,
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).port(port).tls(tls);
        if let Some((user, password)) = credentials {
            transport = transport.credentials(Credentials::new(user, password));
        }
        let from: Mailbox =
            from.parse().map_err(|error: lettre::address::AddressError| NoticeError::Mail(error.into()))?;
        let domain = from.email.domain().to_owned();
        Ok(Self { transport: transport.timeout(Some(LIMIT)).build(), from, domain })
    }

    /// Whether mail can be sent to this address, as far as it tells by itself.
    pub(crate) fn is_address(address: &str) -> bool {
        address.parse::<lettre::Address>().is_ok()
    }

    /// Sends a message under this id.
    pub(crate) async fn send(&self, id: Uuid, to: &str, text: &Text) -> Result<(), Unsent> {
        let to = to.parse().map_err(|_cause| Unsent::for_good("it is no address that mail can be sent to"))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(text.subject)
            .message_id(Some(format!("<{id}@{}>", self.domain)))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(text.body.clone())
            .map_err(|_cause| Unsent::for_good("no message can be written to this address"))?;
        self.transport.send(message).await.map(drop).map_err(|error| {
            // What the server says may name whom it is to.
            if error.is_permanent() {
                return Unsent::for_good("the mail server takes no mail for this address");
            }
            let what = if error.is_transient() { "takes no mail just now" } else { "cannot be reached" };
            Unsent { why: format!("the mail server {what}"), for_good: false }
        })
    }
}
