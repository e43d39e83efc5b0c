//! Pages to print and to post, for whoever has no screen: plain HTML with nothing in it that has to be fetched, in large type. What they say comes
//! from [`sentences`]; what stands in them comes from whoever passed the gate.

mod words;

use askama::Template;

pub use words::{CodeFor, Letters};

/// A letter could not be written.
#[derive(Debug, thiserror::Error)]
#[error("a letter could not be written")]
pub struct Unwritten(#[from] askama::Error);

/// A page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// What it is.
    pub title: String,
    /// What is said first.
    pub lead: Vec<String>,
    /// A code, if it is about one.
    pub code: Option<String>,
    /// What it tells.
    pub sections: Vec<Section>,
    /// What is said last.
    pub close: Vec<String>,
}

/// A part of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub heading: String,
    /// What it says.
    pub lines: Vec<Line>,
}

/// One thing that is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// When it was, or whose it is; may be empty.
    pub beside: String,
    /// The words.
    pub text: String,
}

impl Line {
    /// These words.
    #[must_use]
    pub fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// These words, and when it was or whose they are.
    #[must_use]
    pub fn beside(beside: impl Into<String>, text: impl Into<String>) -> Self {
        Self { beside: beside.into(), text: text.into() }
    }
}

impl Page {
    /// Adds a part, unless there is nothing to say in it.
    pub fn tells(&mut self, heading: impl Into<String>, lines: impl IntoIterator<Item = Line>) {
        let section = Section { heading: heading.into(), lines: lines.into_iter().collect() };
        if !section.lines.is_empty() {
            self.sections.push(section);
        }
    }

    /// The page as HTML: whatever stands in it is text there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn html(&self) -> Result<String, Unwritten> {
        Ok(Letter { page: self }.render()?)
    }
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Letter<'a> {
    page: &'a Page,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_said_in_a_letter_is_text() {
        let mut page = Page {
            title: "Your <code>".into(),
            lead: vec!["a & b".into()],
            code: Some("AB-<CD>".into()),
            ..Page::default()
        };
        page.tells("Empty", []);
        page.tells("Said", [Line::beside("3 March <2026>", "<script>alert(1)</script>"), Line::of("\"yes\"")]);
        let html = page.html().unwrap();
        for raw in ["<script", "<code>", "<CD>", "<2026>", "Empty"] {
            assert!(!html.contains(raw), "{raw}: {html}");
        }
        let (head, body) = html.split_once("</head>").unwrap();
        assert!(body.contains("alert(1)") && body.contains("a &#38; b") && body.contains("class=\"code\""), "{body}");
        assert_eq!(body.matches("<h2>").count(), 1);
        // Nothing is fetched, nothing is run, and the print is large.
        assert!(head.contains("@media print") && head.contains("font-size: 16pt"));
        for other in ["http", "src=", "href=", "url(", "<script"] {
            assert!(!html.contains(other), "{other}");
        }
    }
}
