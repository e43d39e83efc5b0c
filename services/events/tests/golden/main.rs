//! The stored bytes of every event. They never change: what was written once must be read for ever.
//! After adding an event, or a field at the end of one, run with `UPDATE_GOLDEN=1`, which appends a line, and never changes one. What
//! is written today is an event's last line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use alongside_events::{DecodeError, Event};
use domain::StreamKind;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/schema-1.txt");

/// The bytes of each event, as they were written at one time after another.
fn golden() -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(GOLDEN).unwrap();
    let mut golden: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, hex) in text.lines().map(|line| line.rsplit_once(' ').unwrap()) {
        golden.entry(name.to_owned()).or_default().push(hex.to_owned());
    }
    golden
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
        for event in Event::samples() {
            let (name, hex) = (name(&event), hex(&event.encode()));
            if known.get(&name).and_then(|written| written.last()) != Some(&hex) {
                writeln!(text, "{name} {hex}").unwrap();
            }
        }
        std::fs::write(GOLDEN, text).unwrap();
    }
    let golden = golden();
    for event in Event::samples() {
        let written = golden.get(&name(&event)).unwrap_or_else(|| panic!("no golden bytes for {}", name(&event)));
        let decode = |hex: &str| Event::decode(event.kind(), event.code(), 1, &unhex(hex));
        let (last, before) = written.split_last().unwrap();
        assert_eq!(&hex(&event.encode()), last, "{}", name(&event));
        assert_eq!(decode(last).as_ref(), Ok(&event));
        // What lacks a newer field is read without it, and as what it was.
        for older in before {
            let read = decode(older).unwrap();
            assert_eq!(&hex(&read.encode()), older, "{}", name(&event));
            assert_ne!(read, event);
        }
    }
    assert_eq!(golden.len(), Event::samples().len(), "an event that was once written has no sample any more");
}

#[test]
fn every_known_type_has_its_golden_bytes() {
    for kind in StreamKind::ALL {
        for code in 0..200 {
            let known = Event::decode(kind, code, 1, &[0xff]) != Err(DecodeError::Newer("type"));
            let written = golden().keys().any(|name| name.starts_with(&format!("{kind:?} {code} ")));
            assert_eq!(known, written, "{kind:?} {code}");
        }
    }
}

#[test]
fn refuses_an_unknown_schema_and_truncated_bytes_without_a_panic() {
    for event in Event::samples() {
        let bytes = event.encode();
        assert_eq!(Event::decode(event.kind(), event.code(), 2, &bytes), Err(DecodeError::Newer("type")));
        for length in 0..bytes.len() {
            drop(Event::decode(event.kind(), event.code(), 1, &bytes[..length]));
        }
    }
}
