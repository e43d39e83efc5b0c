//! With what people are told that something has happened.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ::notices::{MailSecurity, MailSettings, NoticeSettings, SenderSettings};
use anyhow::Context as _;
use domain::notices::Channel;
use serde::{Deserialize, Serialize};

use super::{secret, text_of};

/// Notices to people.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoticesConfig {
    /// Where people sign in; a notice ends with it.
    pub link: Option<String>,
    /// The mail server; without it nobody is told by e-mail.
    pub smtp: Option<SmtpConfig>,
    /// The notification sender; without it nobody is told by text message or letter.
    pub sender: Option<SenderConfig>,
}

/// A mail server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// Its name.
    pub host: String,
    /// Its port; 465 with `tls`, else 587.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is kept from others: `starttls`, `tls`, or `none`.
    #[serde(default)]
    pub security: Security,
    /// Whose certificate it has, PEM; whoever the machine trusts when absent.
    #[serde(default)]
    pub authority: Option<PathBuf>,
    /// The name that is signed in with; nobody signs in when it is absent.
    #[serde(default)]
    pub user: Option<String>,
    /// Its password: `file:<path>` or `env:<name>`.
    #[serde(default)]
    pub password: Option<String>,
    /// From whom mail is, such as `Alongside <no-reply@alongside.example>`.
    pub from: String,
}

/// How a connection to a mail server is kept from others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS before anything is said, or nothing is.
    #[default]
    StartTls,
    /// TLS from the first byte on.
    Tls,
    /// Not at all: for a server on this machine.
    None,
}

/// A notification sender.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderConfig {
    /// Where it is called.
    pub url: String,
    /// What is signed with, `whsec_` and Base64: `file:<path>` or `env:<name>`.
    pub secret: String,
    /// What it sends: `sms`, `letter`.
    pub channels: Vec<SenderChannel>,
}

/// What a sender sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SenderChannel {
    /// Text messages.
    Sms,
    /// Letters.
    Letter,
}

impl NoticesConfig {
    /// What people are told with.
    ///
    /// # Errors
    /// When a secret or a certificate cannot be read.
    pub fn settings(&self) -> anyhow::Result<NoticeSettings> {
        Ok(NoticeSettings {
            link: self.link.clone(),
            mail: self.smtp.as_ref().map(SmtpConfig::settings).transpose()?,
            sender: self.sender.as_ref().map(SenderConfig::settings).transpose()?,
        })
    }
}

impl SmtpConfig {
    fn settings(&self) -> anyhow::Result<MailSettings> {
        let (security, port) = match self.security {
            Security::StartTls => (MailSecurity::StartTls, 587),
            Security::Tls => (MailSecurity::Tls, 465),
            Security::None => (MailSecurity::None, 587),
        };
        let password = |source: &String| secret(source).context("`notices.smtp.password`");
        let credentials = self.user.clone().zip(self.password.as_ref().map(password).transpose()?);
        Ok(MailSettings {
            host: self.host.clone(),
            port: self.port.unwrap_or(port),
            security,
            authority: self.authority.as_ref().map(|file| text_of(file)).transpose()?,
            credentials: credentials.map(|(user, password)| (user, password.trim_end().to_owned())),
            from: self.from.clone(),
        })
    }
}

impl SenderConfig {
    fn settings(&self) -> anyhow::Result<SenderSettings> {
        let channel = |channel: &SenderChannel| match channel {
            SenderChannel::Sms => Channel::Sms,
            SenderChannel::Letter => Channel::Letter,
        };
        Ok(SenderSettings {
            url: self.url.clone(),
            secret: secret(&self.secret).context("`notices.sender.secret`")?,
            channels: self.channels.iter().map(channel).collect::<BTreeSet<_>>(),
        })
    }
}
