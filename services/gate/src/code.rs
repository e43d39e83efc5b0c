//! A one-time code: 120 random bits, in letters and figures that are not taken for one another (Crockford's base 32).

use domain::ids::InvitationId;
use uuid::Uuid;
use vault::Pseudonyms;

/// Letters and figures that nobody takes for one another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many letters and figures: each is five bits.
const LENGTH: usize = 24;
/// How many stand together.
const GROUP: usize = 4;

/// The code that follows from a request, for whoever has the system's secret: nothing of it is stored.
pub(crate) fn made(pseudonyms: &Pseudonyms, request: Uuid) -> String {
    let secret = pseudonyms.secret("invitation code", &[request.as_bytes()]);
    let mut bits = secret.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    let letter = |_| {
        let five = bits.by_ref().take(5).fold(0, |value, bit| value << 1 | usize::from(bit));
        ALPHABET.get(five).copied().map(char::from)
    };
    let letters: Vec<char> = (0..LENGTH).filter_map(letter).collect();
    grouped(&letters)
}

/// A code as it is shown: a few letters and figures at a time.
fn grouped(letters: &[char]) -> String {
    letters.chunks(GROUP).map(String::from_iter).collect::<Vec<_>>().join("-")
}

/// What somebody means by a letter or figure, in whatever case: one that is in no code stands for the one that looks like it.
fn meant(typed: char) -> char {
    match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        typed => typed,
    }
}

/// How many letters and figures there are in a code that is sent to somebody and said: nobody finds one by trying.
const SAID_LENGTH: usize = 12;

/// The code of this reference that is sent to somebody and said back: nothing of it is stored. `of` is what it confirms.
#[must_use]
pub fn sent(pseudonyms: &Pseudonyms, of: &str, reference: Uuid) -> String {
    let secret = pseudonyms.secret(of, &[reference.as_bytes()]);
    let letter = |byte: &u8| ALPHABET.get(usize::from(byte % 32)).copied().map_or(' ', char::from);
    let letters: Vec<char> = secret.iter().take(SAID_LENGTH).map(letter).collect();
    grouped(&letters)
}

/// Whether somebody said this code, in whatever case, with or without hyphens, and taking one letter for another that looks like it.
#[must_use]
pub fn is_said(said: &str, code: &str) -> bool {
    let read = |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric()).map(meant).collect::<String>();
    read(said) == read(code)
}

/// A code as somebody types it: in whatever case, with or without what stands between its groups, and with letters that are taken for figures.
pub(crate) fn read(typed: &str) -> Option<String> {
    let is_letter = |c: &char| u8::try_from(*c).is_ok_and(|c| ALPHABET.contains(&c));
    let letter = |c| Some(meant(c)).filter(is_letter);
    let between = |c: &char| !matches!(c, '-' | ' ');
    let code: String = typed.chars().take(4 * LENGTH).filter(between).map(letter).collect::<Option<_>>()?;
    (code.len() == LENGTH).then_some(code)
}

/// Under what a code is kept.
pub(crate) fn kept(pseudonyms: &Pseudonyms, code: &str) -> InvitationId {
    let plain: String = code.chars().filter(|c| *c != '-').collect();
    InvitationId(pseudonyms.of("invitation", &[plain.as_bytes()]))
}

/// What a code confirms that is sent to an address which somebody gave: that it is theirs.
pub const OF_ADDRESS: &str = "notice-code";
/// What a code confirms that is sent to somebody who has no screen: what a worker enters on their word.
pub const OF_WORD: &str = "word-code";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_is_said_is_of_one_reference_and_is_read_as_people_write_it() {
        let (ours, others) = (Pseudonyms::new(&[1; 32]), Pseudonyms::new(&[2; 32]));
        let (one, another) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let code = |pseudonyms, reference| sent(pseudonyms, OF_ADDRESS, reference);
        let ours_of_one = code(&ours, one);
        assert!(ours_of_one.len() == SAID_LENGTH + 2, "{ours_of_one}");
        for other in [code(&ours, another), code(&others, one), sent(&ours, OF_WORD, one)] {
            assert_ne!(ours_of_one, other);
        }
        assert!(is_said(&ours_of_one, &ours_of_one));
        assert!(is_said(&ours_of_one.to_lowercase().replace('-', " "), &ours_of_one));
        assert!(is_said(&ours_of_one.replace('0', "o").replace('1', "l"), &ours_of_one));
        assert!(!is_said("", &ours_of_one) && !is_said(&ours_of_one[1..], &ours_of_one));
    }

    #[test]
    fn a_code_is_read_as_people_write_it_and_kept_by_what_tells_nothing() {
        let pseudonyms = Pseudonyms::new(&[7; 32]);
        let request = Uuid::from_u128(1);
        let code = made(&pseudonyms, request);
        assert_eq!((code.len(), made(&pseudonyms, request)), (29, code.clone()));
        assert_ne!(made(&pseudonyms, Uuid::from_u128(2)), code);
        let plain = code.replace('-', "");
        for typed in [code.clone(), code.to_lowercase(), plain.clone(), code.replace('-', " "), code.replace('0', "o")]
        {
            assert_eq!(read(&typed).as_ref(), Some(&plain), "{typed}");
        }
        for other in ["", "ABCD", "ABCD-EFGH-JKMN-PQRS-TVWX-YZ0U", &code[1..], &format!("{code}0")] {
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(kept(&pseudonyms, &code), kept(&pseudonyms, &plain));
    }
}
