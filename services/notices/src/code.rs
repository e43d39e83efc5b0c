//! The code that confirms an address. It follows from the system's own key and the address's reference: nothing of it is stored.

use gate::code::{ALPHABET, grouped, meant};
use uuid::Uuid;
use vault::Pseudonyms;

/// How many letters and figures there are in a code, 5 bits each: nobody finds one by trying.
const LENGTH: usize = 12;

/// The code of an address, as it is sent there.
pub(crate) fn code(pseudonyms: &Pseudonyms, reference: Uuid) -> String {
    let secret = pseudonyms.secret("notice-code", &[reference.as_bytes()]);
    let letter = |byte: &u8| ALPHABET.get(usize::from(byte % 32)).copied().map_or(' ', char::from);
    let letters: Vec<char> = secret.iter().take(LENGTH).map(letter).collect();
    grouped(&letters)
}

/// Whether somebody said this code, in whatever case, with or without hyphens, and taking one letter for another that looks like it.
pub(crate) fn is_said(said: &str, code: &str) -> bool {
    let read = |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric()).map(meant).collect::<String>();
    read(said) == read(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_of_one_address_and_is_read_as_people_write_it() {
        let (ours, others) = (Pseudonyms::new(&[1; 32]), Pseudonyms::new(&[2; 32]));
        let (one, another) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sent = code(&ours, one);
        assert!(sent.len() == LENGTH + 2 && sent != code(&ours, another) && sent != code(&others, one), "{sent}");
        assert!(is_said(&sent, &sent) && is_said(&sent.to_lowercase().replace('-', " "), &sent));
        assert!(is_said(&sent.replace('0', "o").replace('1', "l"), &sent));
        assert!(!is_said("", &sent) && !is_said(&sent[1..], &sent));
    }
}
