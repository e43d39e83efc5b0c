//! Notices: a person is told that something has happened in their record, where and when they want it, and never what.
//!
//! What is due is computed from the log. A notice that went out is an event; one that a crash leaves unknown goes out again, under the same
//! `Message-ID`.

mod due;
mod mail;
mod notifier;
mod pending;
mod sender;
mod service;
mod tell;
mod text;

use std::sync::Arc;

use domain::notices::Channel;
use gate::Gate;
use views::Views;

pub use mail::{MailSecurity, MailSettings};
pub use notifier::{Notifier, PLACE};
pub use sender::SenderSettings;

use mail::Mail;
use sender::Sender;

/// With what people are told.
#[derive(Debug, Clone, Default)]
pub struct NoticeSettings {
    /// The mail server; without it nobody is told by e-mail.
    pub mail: Option<MailSettings>,
    /// The notification sender; without it nobody is told by text message or letter.
    pub sender: Option<SenderSettings>,
    /// Where people sign in; a notice ends with it.
    pub link: Option<String>,
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// Those of the mail server.
    #[error("the mail server's settings cannot be used")]
    Mail(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Those of the sender.
    #[error("the notification sender's settings cannot be used")]
    Sender(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// How people are reached.
#[derive(Debug)]
struct Doors {
    mail: Option<Mail>,
    sender: Option<Sender>,
    link: Option<String>,
}

impl Doors {
    /// How this system can reach somebody.
    fn channels(&self) -> Vec<Channel> {
        let mail = self.mail.is_some().then_some(Channel::Email);
        let sender = self.sender.iter().flat_map(Sender::channels);
        mail.into_iter().chain(sender).collect()
    }
}

/// The service.
#[derive(Debug, Clone)]
pub struct NoticeServices {
    gate: Gate,
    views: Views,
    doors: Arc<Doors>,
}

impl NoticeServices {
    /// The service on this gate and these views.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn new(gate: Gate, views: Views, settings: NoticeSettings) -> Result<Self, NoticeError> {
        let NoticeSettings { mail, sender, link } = settings;
        let doors =
            Doors { mail: mail.map(Mail::new).transpose()?, sender: sender.map(Sender::new).transpose()?, link };
        Ok(Self { gate, views, doors: Arc::new(doors) })
    }
}
