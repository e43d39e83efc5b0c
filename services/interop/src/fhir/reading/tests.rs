use super::*;

fn fault(text: &str) -> String {
    read("a.json", text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn names_file_entry_and_path_but_never_the_value() {
    let wrong = r#"{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient","id":"1","name":[{"family":"x","given":"Secret"}]}}]}"#;
    let said = fault(wrong);
    assert!(said.starts_with("a.json: entry[0].resource.name[0].given: "), "{said}");
    assert!(!said.contains("Secret"), "{said}");
    let missing = r#"{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Goal","id":"1"}}]}"#;
    assert_eq!(fault(missing), "a.json: entry[0]: `subject` is missing");
}

#[test]
fn refuses_what_is_no_bundle() {
    assert!(fault("{").starts_with("a.json: Bundle: is not JSON"));
    assert!(fault(r#"{"resourceType":"Patient","type":"x"}"#).contains("Bundle.resourceType"));
    assert!(fault(r#"{"resourceType":"Bundle","type":"history"}"#).contains("Bundle.type"));
    assert!(fault(r#"{"resourceType":"Bundle","type":"batch","entry":[{}]}"#).contains("entry[0]: has no resource"));
    let holding =
        |resource| fault(&format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{{"resource":{resource}}}]}}"#));
    assert!(holding("null").contains("entry[0]: has no resource"));
    assert!(holding("5").contains("entry[0]: has a wrong type; expected a resource"), "{}", holding("5"));
    assert!(holding("{}").contains("entry[0].resource.resourceType: must be given"));
    assert!(holding(r#"{"resourceType":"Basic","id":7}"#).contains("entry[0].resource.id: has a wrong type"));
}

/// What comes of these entries.
fn entries(entries: &str) -> Result<Vec<Entry>, String> {
    let text = format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{entries}]}}"#);
    read("a.json", text.as_bytes()).map(|bundle| bundle.entries).map_err(|refused| refused.to_string())
}

/// What is said of each that is set aside.
fn set_aside(text: &str) -> Vec<Option<String>> {
    entries(text).unwrap().into_iter().map(|entry| entry.set_aside).collect()
}

/// A condition, and what stands beside it in its entry.
fn condition(id: &str, beside: &str, within: &str) -> String {
    format!(
        r#"{{"resource":{{"resourceType":"Condition","id":"{id}","subject":{{"reference":"Patient/p"}}{within}}}{beside}}}"#
    )
}

#[test]
fn a_file_holds_one_bundle() {
    let one = r#"{"resourceType":"Bundle","type":"collection","entry":[]}"#;
    let two = fault(&format!("{one}\n{one}"));
    assert_eq!(two, "a.json: Bundle: is not all that is in the file; a file holds one bundle");
    assert!(read("a.json", format!("{one}\n\n").as_bytes()).is_ok());
}

#[test]
fn what_turns_the_whole_round_is_noticed_wherever_it_stands() {
    let rules = r#"{"resourceType":"Bundle","type":"collection","implicitRules":"https://x.test/negated?who=Ailsa","entry":[]}"#;
    let said = "a.json: Bundle.implicitRules: follows rules that are not known here: https://x.test/negated";
    assert_eq!(fault(rules), said);
    let aside = set_aside(&condition("1", r#","modifierExtension":[{"url":"https://x.test/not"}]"#, ""));
    assert_eq!(aside[0].as_deref().unwrap(), "carries a modifier that is not known here: https://x.test/not");
    let document = |what: &str| {
        let composition = format!(r#"{{"resource":{{"resourceType":"Composition","id":"d",{what}}}}}"#);
        entries(&format!("{composition},{}", condition("1", "", ""))).unwrap_err()
    };
    let retracted = "a.json: entry[0].resource.status: its author says that the document was entered in error";
    assert_eq!(document(r#""status":"entered-in-error""#), retracted);
    let unknown = r#""modifierExtension":[{"url":"https://x.test/not"}]"#;
    assert!(document(unknown).contains("entry[0]: carries a modifier"));
    let section = format!(r#""section":[{{"section":[{{{unknown}}}]}}]"#);
    assert!(document(&section).contains("entry[0].resource.section: carries a modifier"));
}

#[test]
fn one_resource_is_one_and_two_are_two() {
    let dated = |day: u8| format!(r#","meta":{{"lastUpdated":"2026-01-0{day}T00:00:00Z"}}"#);
    let urn = |n: u8| format!(r#","fullUrl":"urn:uuid:{n}""#);
    let later = Some("a later version of it is in this file".to_owned());
    // One id, two versions, whatever URL they go by.
    let versions = [condition("1", &urn(1), &dated(2)), condition("1", &urn(2), &dated(1))].join(",");
    assert_eq!(set_aside(&versions), [None, later.clone()]);
    // One id, and nothing that says which is later: two, told apart by their URLs.
    let two = entries(&[condition("1", &urn(1), ""), condition("1", &urn(2), "")].join(",")).unwrap();
    assert_eq!(two.iter().map(|e| e.alias.as_deref().unwrap()).collect::<Vec<_>>(), ["urn:uuid:1", "urn:uuid:2"]);
    // Without an id they are what they say.
    let nameless = |what: &str| condition("", "", &format!(r#","code":{{"text":"{what}"}}"#));
    let two = entries(&[nameless("asthma"), nameless("eczema")].join(",")).unwrap();
    assert!(two[0].alias.is_some() && two[0].alias != two[1].alias);
    // A deletion without a date is the last that is known; one with a date is what it was then.
    let deleted = |meta: &str| condition("1", r#","request":{"method":"DELETE","url":"Condition/1"}"#, meta);
    let gone = set_aside(&[deleted(""), condition("1", "", &dated(3))].join(","));
    assert_eq!(gone, [Some("is deleted at its source".to_owned()), later]);
    let back = set_aside(&[deleted(&dated(1)), condition("1", "", &dated(3))].join(","));
    assert_eq!(back[1], None);
    // Nobody else has its URL.
    let other = r#"{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Basic","id":"b"}}"#;
    let refused = entries(&[condition("1", &urn(1), ""), other.to_owned()].join(",")).unwrap_err();
    assert_eq!(refused, "a.json: entry[1]: has the URL of another resource of this file");
}

#[test]
fn what_is_set_aside_has_no_shape_and_what_asks_holds_nothing() {
    let deleted = r#"{"resource":{"resourceType":"Condition","id":"1","subject":7},"request":{"method":"DELETE","url":"Condition/1"}}"#;
    assert!(entries(deleted).is_ok());
    let asked = r#"{"request":{"method":"GET","url":"Patient?identifier=9434765919"}},{"request":{"method":"DELETE","url":"Patient?identifier=9434765919"}}"#;
    let asked = entries(asked).unwrap();
    assert_eq!(asked[0].set_aside.as_deref(), Some("asks for something, and holds nothing"));
    assert!(asked.iter().all(|entry| entry.name == "resource"), "{asked:?}");
    // An element without a value is none.
    let given = r#"{"resource":{"resourceType":"Patient","id":"p","name":[{"given":[null,"Ailsa"],"_given":[{"id":"x"},null]}]}}"#;
    assert!(entries(given).is_ok());
    // A URL with a version is the URL.
    let versioned = condition("1", r#","fullUrl":"https://a.test/Condition/1/_history/2""#, "");
    assert_eq!(entries(&versioned).unwrap()[0].server(), Some("https://a.test/"));
}

#[test]
fn what_is_too_much_is_refused_at_its_place() {
    let many = vec!["{}"; 1_001].join(",");
    let refused = entries(&condition("1", "", &format!(r#","code":{{"coding":[{many}]}}"#))).unwrap_err();
    assert_eq!(refused, "a.json: entry[0].resource.code.coding: holds more than `1000` elements; split it");
    for id in ["x".repeat(65), "943 476".into(), "a/b".into()] {
        let said = entries(&condition(&id, "", "")).unwrap_err();
        assert_eq!(said, "a.json: entry[0].resource.id: must be 1 to 64 letters, digits, `-` and `.`");
    }
    let url = condition("1", r#","fullUrl":"https://a.test/Condition/1?nhs=9434765919""#, "");
    let said = "a.json: Bundle.entry[0].fullUrl: must be a URL of at most `2000` bytes, without a user or a query";
    assert_eq!(entries(&url).unwrap_err(), said);
    let plan = |n| {
        let activities = vec!["{}"; 1_000].join(",");
        format!(r#"{{"resource":{{"resourceType":"CarePlan","id":"{n}","subject":{{}},"activity":[{activities}]}}}}"#)
    };
    let plans = (0..21).map(plan).collect::<Vec<_>>().join(",");
    assert!(entries(&plans).unwrap_err().starts_with("a.json: entry[20]: brings more than `20000` activities"));
}

#[test]
fn a_fault_says_what_it_is_and_where() {
    assert!(fault(r#"{"resourceType":"Bundle" "type":"batch"}"#).contains("is not JSON (line 1, column 26)"));
    let twice = condition("1", "", r#","code":{},"code":{}"#);
    assert_eq!(
        entries(&twice).unwrap_err(),
        "a.json: entry[0].resource.code: stands twice in one object; a name stands once"
    );
}
