//! The stored bytes of every event. They never change: what was written once must be read for ever.
//! After adding an event run with `UPDATE_GOLDEN=1`, which appends its line, and never changes one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use alongside_events::{DecodeError, Event};
use domain::StreamKind;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/schema-1.txt");

fn golden() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(GOLDEN).unwrap();
    text.lines()
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, hex)| (name.to_owned(), hex.to_owned()))
        .collect()
}

fn name(event: &Event) -> String {
    format!("{:?} {} {}", event.kind(), event.code(), event.name())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_event_is_written_and_read_as_it_always_was() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let (known, mut text) = (golden(), std::fs::read_to_string(GOLDEN).unwrap());
        for event in Event::samples().iter().filter(|event| !known.contains_key(&name(event))) {
            writeln!(text, "{} {}", name(event), hex(&event.encode())).unwrap();
        }
        std::fs::write(GOLDEN, text).unwrap();
    }
    let golden = golden();
    for event in Event::samples() {
        let bytes = golden.get(&name(&event)).unwrap_or_else(|| panic!("no golden bytes for {}", name(&event)));
        assert_eq!(&hex(&event.encode()), bytes, "{}", name(&event));
        assert_eq!(Event::decode(event.kind(), event.code(), 1, &unhex(bytes)).as_ref(), Ok(&event));
    }
    assert_eq!(golden.len(), Event::samples().len(), "an event that was once written has no sample any more");
}

#[test]
fn every_known_type_has_its_golden_bytes() {
    for kind in StreamKind::ALL {
        for code in 0..200 {
            let known = Event::decode(kind, code, 1, &[0xff]) != Err(DecodeError("type"));
            let written = golden().keys().any(|name| name.starts_with(&format!("{kind:?} {code} ")));
            assert_eq!(known, written, "{kind:?} {code}");
        }
    }
}

#[test]
fn refuses_an_unknown_schema_and_truncated_bytes_without_a_panic() {
    for event in Event::samples() {
        let bytes = event.encode();
        assert_eq!(Event::decode(event.kind(), event.code(), 2, &bytes), Err(DecodeError("type")));
        for length in 0..bytes.len() {
            drop(Event::decode(event.kind(), event.code(), 1, &bytes[..length]));
        }
    }
}
