use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use views::Pages;

use crate::Error;

/// Items on a page when the caller does not say.
const DEFAULT: i32 = 25;
/// The most items on a page.
const LIMIT: i32 = 100;
/// The longest token that is read, in characters.
const TOKEN_LIMIT: usize = 256;

/// Which page a caller asks for: how large, after which key, and reflecting at least which position.
///
/// # Errors
/// When the size is out of range or the token is not one that was handed out.
pub fn pages(size: i32, token: &str, at_least: u64) -> Result<Pages, Error> {
    let size = match size {
        0 => DEFAULT,
        1..=LIMIT => size,
        _ => return Err(Error::invalid("page_size", format!("must be from `0` to `{LIMIT}`"))),
    };
    let unknown = || Error::invalid("page_token", "must be empty or a `next_page_token` of the same list");
    if token.len() > TOKEN_LIMIT {
        return Err(unknown());
    }
    let after = URL_SAFE_NO_PAD.decode(token).map_err(|_cause| unknown())?;
    Ok(Pages { size: usize::try_from(size).unwrap_or(0), after, at_least })
}

/// The opaque token of the next page; empty at the end. It names an item of the page before and opens nothing: the list
/// that it is used on decides what is seen.
#[must_use]
pub fn next_token(next: Option<Vec<u8>>) -> String {
    next.map(|key| URL_SAFE_NO_PAD.encode(key)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_and_garbage_is_refused() {
        let page = |size, token: &str| pages(size, token, 9);
        assert_eq!(page(0, &next_token(Some(vec![1, 2]))), Ok(Pages { size: 25, after: vec![1, 2], at_least: 9 }));
        assert_eq!(page(7, ""), Ok(Pages { size: 7, after: vec![], at_least: 9 }));
        assert!(page(100, "").is_ok() && page(101, "").is_err() && page(-1, "").is_err());
        assert!(page(1, "***").is_err() && page(1, &"A".repeat(300)).is_err());
    }
}
