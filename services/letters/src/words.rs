//! What letters say, and the letters that say nothing of a record: codes and notices.

use std::sync::Arc;

use sentences::{Arg, Sentences};

use crate::{Page, Unwritten};

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeFor {
    /// Coming in.
    Newcomer,
    /// Signing in anew: the first of two.
    Return,
    /// Signing in anew: the second.
    Second,
    /// Being found.
    Finding,
}

/// The words of letters.
#[derive(Debug, Clone)]
pub struct Letters(Arc<Sentences>);

impl Letters {
    /// Those in English.
    #[must_use]
    pub fn english() -> Self {
        Self(Arc::new(Sentences::english()))
    }

    /// All that is said to people in this language.
    #[must_use]
    pub fn sentences(&self) -> &Sentences {
        &self.0
    }

    /// The words under this name; empty when there are none, or when they need something that is not given.
    #[must_use]
    pub fn say(&self, name: &str, args: &[(&'static str, &str)]) -> String {
        let args: Vec<_> = args.iter().map(|(name, text)| (*name, Arg::Text((*text).to_owned()))).collect();
        self.0.say(&format!("letter-{name}"), &args).unwrap_or_default()
    }

    /// A letter with a code, which is taken until this moment, if that is told.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn code(&self, of: CodeFor, code: &str, until: Option<i64>) -> Result<String, Unwritten> {
        let name = match of {
            CodeFor::Newcomer => "code-newcomer",
            CodeFor::Return => "code-return",
            CodeFor::Second => "code-second",
            CodeFor::Finding => "code-finding",
        };
        let until = until.map(|until| self.say("code-until", &[("when", &sentences::moment(until))]));
        let page = Page {
            title: self.say("code-title", &[]),
            lead: vec![self.say(name, &[])],
            code: Some(code.to_owned()),
            close: until.into_iter().chain([self.say("code-keep", &[])]).collect(),
            ..Page::default()
        };
        page.html()
    }

    /// A notice as a letter.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn notice(subject: &str, body: &str) -> Result<String, Unwritten> {
        let lead = body.split("\n\n").map(str::trim).filter(|said| !said.is_empty()).map(str::to_owned);
        Page { title: subject.to_owned(), lead: lead.collect(), ..Page::default() }.html()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_what_it_is_for_and_until_when_and_each_says_something_else() {
        let letters = Letters::english();
        let all = [CodeFor::Newcomer, CodeFor::Return, CodeFor::Second, CodeFor::Finding];
        let mut said: Vec<_> = all.map(|of| letters.code(of, "ABCD-EFGH", Some(0)).unwrap()).into();
        assert!(said.iter().all(|html| html.contains("ABCD-EFGH") && html.contains("1 January 1970 at 00:00 UTC")));
        said.sort();
        said.dedup();
        assert_eq!(said.len(), all.len());
        assert!(!letters.code(CodeFor::Second, "ABCD", None).unwrap().contains("until"));
    }

    #[test]
    fn a_notice_is_a_letter_of_the_same_words() {
        let html = Letters::notice("Your code", "Say this code:\n\n    ABCD\n\nIt is good for two weeks.\n").unwrap();
        assert!(html.contains("<p>ABCD</p>") && html.contains("<p>It is good for two weeks.</p>"), "{html}");
    }
}
