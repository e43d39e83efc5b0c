//! Texts in one form, so that the same words are the same everywhere.

use proto::Texts;
use unicode_normalization::UnicodeNormalization as _;

/// Brings every text of a message into Unicode's form NFC, with line ends as `\n`. What no text may hold, the domain refuses.
pub fn normalize(message: &mut impl Texts) {
    message.texts(&mut |text| {
        if !unicode_normalization::is_nfc(text) {
            *text = text.nfc().collect();
        }
        if text.contains("\r\n") {
            *text = text.replace("\r\n", "\n");
        }
    });
}

#[cfg(test)]
mod tests {
    use proto::people::v1::RecordStrengthRequest;

    use super::*;

    #[test]
    fn the_same_words_are_the_same_text() {
        let mut message = RecordStrengthRequest { text: "Zoe\u{308}\r\nbakes".into(), ..Default::default() };
        normalize(&mut message);
        assert_eq!(message.text, "Zo\u{eb}\nbakes");
    }
}
