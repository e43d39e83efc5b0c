use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Error;

/// Items on a page when the caller does not say.
const DEFAULT: i32 = 25;
/// The most items on a page.
const LIMIT: i32 = 100;
/// The longest token that is read, in characters.
const TOKEN_LIMIT: usize = 256;

/// The size of a page and the key after which it begins.
///
/// # Errors
/// When the size is out of range or the token is not one that was handed out.
pub fn pages(size: i32, token: &str) -> Result<(usize, Vec<u8>), Error> {
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
    Ok((usize::try_from(size).unwrap_or(0), after))
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
        assert_eq!(pages(0, &next_token(Some(vec![1, 2]))), Ok((25, vec![1, 2])));
        assert_eq!(pages(7, ""), Ok((7, vec![])));
        assert!(pages(101, "").is_err() && pages(-1, "").is_err());
        assert!(pages(1, "***").is_err() && pages(1, &"A".repeat(300)).is_err());
    }
}
