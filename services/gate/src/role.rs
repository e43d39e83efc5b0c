//! The role in which a worker says that they call.

use http::HeaderMap;
use percent_encoding::percent_decode_str;
use rpc::Error;
use unicode_normalization::UnicodeNormalization as _;

/// The header that names it: one of the worker's roles, in whatever case, percent-encoded where it has other letters than ASCII's.
pub const ROLE_HEADER: &str = "alongside-role";

/// The role that a caller names; empty when they name none.
///
/// # Errors
/// When the header stands there twice, or is no text.
pub(crate) fn of(headers: &HeaderMap) -> Result<String, Error> {
    let mut given = headers.get_all(ROLE_HEADER).iter();
    let Some(value) = given.next() else { return Ok(String::new()) };
    let text = value.to_str().ok().and_then(|value| percent_decode_str(value.trim()).decode_utf8().ok());
    match text {
        Some(text) if given.next().is_none() && !text.is_empty() => Ok(text.nfc().collect()),
        _ => Err(Error::invalid(ROLE_HEADER, "must be given once, and name a role, percent-encoded")),
    }
}

/// It is no role of whoever calls.
pub(crate) fn none_of_theirs() -> Error {
    Error::invalid(ROLE_HEADER, "must be one of your own roles")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_once_and_in_any_letters() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(ROLE_HEADER, value.parse().unwrap());
            }
            of(&headers).ok()
        };
        assert_eq!(of(&[]).as_deref(), Some(""));
        assert_eq!(of(&["district nurse"]).as_deref(), Some("district nurse"));
        // Decomposed, as some keyboards write it.
        assert_eq!(of(&["e%CC%81ducatrice"]).as_deref(), Some("\u{e9}ducatrice"));
        for bad in [&["a", "a"][..], &[""], &["%ff"]] {
            assert_eq!(of(bad), None, "{bad:?}");
        }
    }
}
