use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Error;

/// Items on a page when the caller does not say.
const DEFAULT: i32 = 25;
/// The most items on a page.
const LIMIT: i32 = 100;

/// How many items a page is to hold: at most the largest number, whatever is asked for.
///
/// # Errors
/// When the size is negative.
pub fn page_size(size: i32) -> Result<usize, Error> {
    let size = if size == 0 { DEFAULT } else { size.min(LIMIT) };
    usize::try_from(size).map_err(|_negative| Error::invalid("page_size", "must not be negative"))
}

/// A token of these bytes.
#[must_use]
pub fn token(parts: &[&[u8]]) -> String {
    URL_SAFE_NO_PAD.encode(parts.concat())
}

/// The bytes of a token, if it is one of at most `limit`.
#[must_use]
pub fn token_bytes(token: &str, limit: usize) -> Option<Vec<u8>> {
    // Four characters hold three bytes.
    let fits = token.len() <= limit.div_ceil(3) * 4;
    fits.then(|| URL_SAFE_NO_PAD.decode(token).ok()).flatten().filter(|bytes| bytes.len() <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_and_garbage_is_none() {
        assert_eq!(token_bytes(&token(&[&[1, 2], &[3]]), 3), Some(vec![1, 2, 3]));
        for garbage in ["***", "AAAAAAAA", "A"] {
            assert_eq!(token_bytes(garbage, 3), None, "{garbage}");
        }
    }
}
