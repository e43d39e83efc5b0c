//! What a notice says: that something has happened, and nothing that whoever else reads it may learn.

use domain::notices::{Channel, NoticeKind, WordCodeFor};

/// A notice's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) subject: &'static str,
    pub(crate) body: String,
}

impl Text {
    /// The words of a notice; of one about an address with the code that confirms it.
    pub(crate) fn of(
        (kind, channel): (NoticeKind, Channel),
        (code, of): (&str, Option<WordCodeFor>),
        link: Option<&str>,
    ) -> Self {
        let (subject, said) = match kind {
            NoticeKind::Emergency | NoticeKind::FirstLook | NoticeKind::Proposal | NoticeKind::InTheirPlace => (
                "Something happened in your record",
                "Something happened in your record. Sign in to see what it was.".to_owned(),
            ),
            NoticeKind::AddressGiven => (
                "Your code",
                format!(
                    "Somebody has given this address for notices. If it was you, sign in and say this code:\n\n    {code}\n\nIt is good for {}. \
                     If it was not you, there is nothing that you need to do.",
                    if channel == Channel::Letter { "two weeks" } else { "a day" }
                ),
            ),
            NoticeKind::WordCode => (
                "Your code",
                format!(
                    "Somebody is writing down what you told them, and asks for this code:\n\n    {code}\n\n{} Read it out to them only if you are talking to \
                     them and want that. It is good for {}, once. If not, tell nobody this code, and there is nothing else that you need to do.",
                    match of {
                        Some(WordCodeFor::Acceptance) => "It lets them write down that you take up somebody's support.",
                        Some(WordCodeFor::Sharing) | None => "It lets them change who can see what about you.",
                    },
                    if channel == Channel::Letter { "two weeks" } else { "an hour" }
                ),
            ),
            NoticeKind::AddressLeft => (
                "Notices do not come here any more",
                "Notices do not come to this address any more. If you did not want that, sign in and look.".to_owned(),
            ),
        };
        let link = link.filter(|_| kind != NoticeKind::AddressLeft).map(|link| format!("\n\n{link}"));
        Self { subject, body: format!("{said}{}\n", link.unwrap_or_default()) }
    }
}
