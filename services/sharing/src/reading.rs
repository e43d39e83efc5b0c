//! How old somebody has to be to read what is said to people.

/// How many syllables a word has, about: groups of vowels, without an `e` that is not heard.
fn syllables(word: &str) -> usize {
    let is_vowel = |letter: char| "aeiouy".contains(letter.to_ascii_lowercase());
    let letters: Vec<char> = word.chars().filter(|letter| letter.is_alphabetic()).collect();
    let groups = letters.iter().enumerate().filter(|(nth, letter)| {
        is_vowel(**letter) && nth.checked_sub(1).is_none_or(|before| !is_vowel(letters[before]))
    });
    let silent = word.ends_with('e') && !word.ends_with("le") || word.ends_with("ed") && !word.ends_with("ted");
    groups.count().saturating_sub(usize::from(silent)).max(1)
}

/// Whether somebody of eleven reads it, by the grade in school of Flesch and Kincaid (Kincaid and others, 1975, for the United States Navy): five years
/// less than the age. What somebody said, between its marks, is theirs.
pub(crate) fn is_read_at_eleven(text: &[String]) {
    let said = text.join(" ");
    let text: String = said.split('“').map(|part| part.split_once('”').map_or(part, |(_, after)| after)).collect();
    let words: Vec<_> = text.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).collect();
    let ends = text.matches(['.', '?', '!']).count();
    let count = |number: usize| f64::from(u32::try_from(number).unwrap());
    let heard: usize = words.iter().map(|word| syllables(word.trim_end_matches(|c: char| !c.is_alphabetic()))).sum();
    let grade = 0.39 * count(words.len()) / count(ends) + 11.8 * count(heard) / count(words.len()) - 15.59;
    println!("{} words in {ends} sentences, grade {grade:.1}", words.len());
    assert!(grade <= 6.0, "grade {grade:.1}");
}
