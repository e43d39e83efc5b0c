use domain::vocabulary::{Author, Level};
use uuid::Uuid;

use super::*;
use crate::fhir::{MalformedBundle, read};

mod beside;

fn plan_of(name: &str, text: &str) -> Result<Plan, MalformedBundle> {
    let source = SourceSystem::new("https://records.example").unwrap();
    let bundle = read(name, text.as_bytes())?;
    let about = patient(&bundle)?;
    let name = current_name(&bundle, about, "2026-11-26")?;
    let (entry, patient) = about;
    let about =
        About { patient, entry, person: PersonId(Uuid::nil()), source: &source, name: &name, today: "2026-11-26" };
    Ok(plan(&bundle, about, &Pseudonyms::new(&[7; 32])))
}

/// A bundle about one person, with these further resources.
fn bundle(resources: &str) -> Result<Plan, MalformedBundle> {
    let text = format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[
            {{"resource":{{"resourceType":"Patient","id":"p","name":[{{"text":"Ailsa Munro"}}]}}}},
            {{"resource":{{"resourceType":"Organization","id":"o","name":"North"}}}},
            {{"resource":{{"resourceType":"Practitioner","id":"n","name":[{{"text":"Morag Reid"}}]}}}},
            {resources}]}}"#
    );
    plan_of("a.json", &text)
}

/// What comes of one of the cases, or why it is refused.
fn case(name: &str) -> Result<Plan, String> {
    let file = format!("{}/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    plan_of(name, &std::fs::read_to_string(file).unwrap()).map_err(|refused| refused.to_string())
}

/// Its entries, in words.
fn says(plan: &Plan) -> Vec<String> {
    let entry = |entry: &PlannedEntry| {
        let finish = match &entry.kind {
            EntryKind::Condition { .. } => "condition",
            EntryKind::Goal { finish } | EntryKind::Action { finish, .. } => match finish {
                Finish::Open => "open",
                Finish::Done => "done",
                Finish::Ended(_) => "ended",
            },
        };
        format!("{finish}: {}", entry.text)
    };
    plan.entries.iter().map(entry).collect()
}

/// What is left out of it: which, and why.
fn left_out(plan: &Plan) -> Vec<String> {
    let line = |line: &ReportLine| match &line.outcome {
        Outcome::LeftOut(why) => Some(format!("{}: {why}", line.resource)),
        Outcome::Became(_) | Outcome::AlreadyThere | Outcome::Changed => None,
    };
    plan.lines.values().filter_map(line).collect()
}

/// Who wrote an entry, as far as the plan says.
fn written_by(plan: &Plan, text: &str) -> String {
    match plan.entries.iter().find(|entry| entry.text.starts_with(text)).unwrap().author {
        Author::Person => "the person".into(),
        Author::System | Author::AnotherPerson => "not said".into(),
        Author::Worker(worker) => {
            let named = plan.staff.get(&worker.staff()).unwrap();
            format!("{}, {}", named.name, plan.agencies.get(&named.agency).unwrap().profile.name)
        }
    }
}

#[test]
fn a_condition_is_as_certain_as_its_sender_is() {
    let plan = case("a03").unwrap();
    let expected = [
        "condition: Lung cancer (not confirmed, one of several possibilities)",
        "condition: Dementia (not confirmed)",
        "condition: HIV infection (not confirmed)",
        "condition: Asthma",
    ];
    assert_eq!(says(&plan), expected);
    let aside = ["Condition/a03-refuted", "Condition/a03-entered-in-error"];
    assert_eq!(left_out(&plan), aside.map(|name| format!("{name}: was refuted or entered in error")));
}

#[test]
fn what_turns_a_meaning_round_is_not_read() {
    let plan = case("a05").unwrap();
    assert!(plan.entries.is_empty(), "{:?}", says(&plan));
    let aside = left_out(&plan);
    for url in ["ruled-out", "not-wanted", "contraindicated", "every-condition-here-is-negated"] {
        assert!(aside.iter().any(|line| line.ends_with(url)), "{url}: {aside:?}");
    }
    let plan = case("c01").unwrap();
    assert_eq!(says(&plan), ["open: Walk daily"]);
    let why = "says what is not to be done; it is not made something to do";
    assert_eq!(left_out(&plan), [0, 1].map(|part| format!("CarePlan/c01-p activity[{part}]: {why}")));
}

#[test]
fn whoever_stated_it_has_written_it() {
    let plan = case("a12").unwrap();
    assert_eq!(written_by(&plan, "Alcohol"), "Ben Baker, North Health");
    assert_eq!(written_by(&plan, "I feel lonely"), "the person");
    assert_eq!(written_by(&plan, "Eczema"), "Ben Baker, North Health");
    for entry in &plan.entries {
        let EntryKind::Condition { recorded, .. } = &entry.kind else { panic!("{entry:?}") };
        assert_eq!(recorded, "2009-05-06", "its source's day, not the import's");
    }
    assert_eq!(written_by(&case("d01").unwrap(), "Psychosis"), "Ben Baker, North Health", "not the translator");
    assert_eq!(written_by(&case("d08").unwrap(), "Asthma"), "name not given, North Health");
}

#[test]
fn what_is_said_of_the_whole_is_said_of_each() {
    for name in ["a14", "e02"] {
        let plan = case(name).unwrap();
        assert!(plan.entries.iter().all(|entry| entry.sensitivity.level == Level::Restricted), "{name}");
    }
    assert_eq!(case("a14").unwrap().entries.len(), 1);
}

#[test]
fn an_end_is_not_an_achievement_and_a_draft_no_plan() {
    let goals = says(&case("b01").unwrap());
    let expected =
        ["ended: Live at home (not-achieved)", "ended: Live at home (not-attainable)", "done: Live at home (achieved)"];
    assert_eq!(goals, expected);
    let plan = case("c02").unwrap();
    assert_eq!(says(&plan), ["open: Start physiotherapy (on hold)", "ended: Chest CT"]);
    let aside = left_out(&plan);
    for (name, why) in [
        ("c02-draft", "is only a draft"),
        ("c02-option", "is only a proposal, and no plan"),
        ("c02-unknown", "does not say whether it is in force"),
    ] {
        assert!(aside.contains(&format!("CarePlan/{name}: {why}")), "{aside:?}");
        assert!(aside.contains(&format!("CarePlan/{name} activity[0]: {why}")), "{aside:?}");
    }
}

#[test]
fn every_activity_and_member_has_a_line() {
    let plan = case("c03").unwrap();
    assert_eq!(says(&plan), ["open: Education about kidney disease"]);
    let expected = [
        "ServiceRequest/sr1: is not a resource that is read",
        "CarePlan/c03-p activity[1]: stands in ServiceRequest/sr1, which is not read",
        "CarePlan/c03-p activity[2]: refers to something that is not in this bundle",
        "CarePlan/c03-p activity[3]: says only how it went",
    ];
    assert_eq!(left_out(&plan), expected);
    let plan = case("d06").unwrap();
    let expected = [
        "CareTeam/t-d06: names nobody who supports the person now",
        "CareTeam/t-d06 participant[0]: is the person",
        "CareTeam/t-d06 participant[1]: is somebody close to the person, who is not imported",
        "CareTeam/t-d06 participant[2]: is not in this bundle",
    ];
    assert_eq!(left_out(&plan)[2..], expected);
}

#[test]
fn an_action_serves_the_goal_that_it_names() {
    let plan = case("c06").unwrap();
    let goal_of = |text: &str| {
        let entry = plan.entries.iter().find(|entry| entry.text == text).unwrap();
        let EntryKind::Action { goal, .. } = &entry.kind else { panic!("{text} is no action") };
        plan.entries.iter().find(|entry| Some(entry.entry) == *goal).unwrap().text.clone()
    };
    assert_eq!(goal_of("Nicotine patches"), "Stop smoking");
    assert_eq!(goal_of("Physiotherapy twice a week"), "Walk to the shop");
}

#[test]
fn two_servers_are_two() {
    let plan = case("d02").unwrap();
    assert_eq!(written_by(&plan, "Depression"), "Nora North, North Mental Health");
    assert_eq!(written_by(&plan, "Damp"), "Sid South, South Housing");
    assert_ne!(plan.entries[0].entry, plan.entries[1].entry);
}

#[test]
fn a_person_is_called_what_they_are_called_now() {
    assert_eq!(case("e01").unwrap().name, "COLIN V. BAXTER");
    let masked = "e05: entry[0].resource.name: has no name that is in force and can be read; nobody is registered without a name";
    assert_eq!(case("e05").unwrap_err(), masked);
}

#[test]
fn what_is_no_json_or_another_release_is_refused_with_its_place() {
    assert_eq!(
        case("e12").unwrap_err(),
        "e12: entry[1].resource.subject: stands twice in one object; a name stands once"
    );
    let stu3 = "f12: entry[4].resource.status: is of an earlier release of FHIR; in R4 it is `lifecycleStatus`";
    assert_eq!(case("f12").unwrap_err(), stu3);
}

#[test]
fn the_latest_version_counts_and_a_deletion_brings_nothing() {
    let plan = case("f02").unwrap();
    assert!(plan.entries.is_empty());
    let name = "https://a.test/Condition/f02";
    let expected =
        [format!("{name}: a later version of it is in this file"), format!("{name}: was refuted or entered in error")];
    assert_eq!(left_out(&plan), expected);
    let plan = case("k52").unwrap();
    assert_eq!(says(&plan), ["condition: Kept diagnosis"]);
    assert_eq!(left_out(&plan), ["Condition/k52-c: is deleted at its source"]);
}

#[test]
fn a_page_of_a_search_is_said_to_be_one() {
    let plan = case("k50").unwrap();
    assert_eq!(says(&plan), ["condition: First of 120 conditions"]);
    let expected = [
        "https://x.test/OperationOutcome/oo: is not a resource that is read",
        "Bundle: is a page of a search: the pages after it are not in this file",
    ];
    assert_eq!(left_out(&plan).last().unwrap(), expected[1]);
}

#[test]
fn visits_that_did_not_take_place_bring_nobody() {
    for status in ["planned", "cancelled", "entered-in-error", "unknown"] {
        let visit = format!(
            r#"{{"resource":{{"resourceType":"Encounter","id":"e","status":"{status}","subject":{{"reference":"Patient/p"}},
                "participant":[{{"individual":{{"reference":"Practitioner/n"}}}}],"serviceProvider":{{"reference":"Organization/o"}}}}}}"#
        );
        let plan = bundle(&visit).unwrap();
        assert!(plan.suggestions.is_empty() && plan.staff.is_empty(), "{status}");
    }
}

#[test]
fn a_care_teams_members_propose_their_support() {
    let team = r#"{"resource":{"resourceType":"CareTeam","id":"t","subject":{"reference":"Patient/p"},
        "participant":[{"member":{"reference":"Practitioner/n"}}],"managingOrganization":[{"reference":"Organization/o"}]}}"#;
    let plan = bundle(team).unwrap();
    let proposed: Vec<_> = plan.suggestions.values().map(|r| r.words.as_str()).collect();
    assert_eq!(proposed, ["A member of your care team"]);
    assert_eq!(plan.staff.values().map(|named| named.name.as_str()).collect::<Vec<_>>(), ["Morag Reid"]);
}

#[test]
fn refuses_what_is_about_somebody_else() {
    let goal = r#"{"resource":{"resourceType":"Goal","id":"g","subject":{"reference":"Patient/other"},"description":{"text":"x"}}}"#;
    let said = bundle(goal).unwrap_err().to_string();
    assert_eq!(said, "a.json: entry[3].resource.subject.reference: is not the bundle's Patient");
}

#[test]
fn keeps_the_labels_and_names_what_it_leaves_out() {
    let others = r#"{"resource":{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},
        "code":{"text":"low mood"},"meta":{"security":[{"code":"R"},{"code":"PSY"}]}}},
        {"resource":{"resourceType":"Immunization","id":"i"}}"#;
    let plan = bundle(others).unwrap();
    let sensitivity = &plan.entries.first().unwrap().sensitivity;
    assert_eq!((sensitivity.level, sensitivity.labels.as_slice()), (Level::Restricted, ["PSY".to_owned()].as_slice()));
    assert!(left_out(&plan).contains(&"Immunization/i: is not a resource that is read".to_owned()));
}

#[test]
fn what_no_append_takes_is_refused_at_the_resource_that_is_too_much() {
    let many = |count: usize, resource: &dyn Fn(usize) -> String| {
        let all: Vec<_> = (0..count).map(|n| format!(r#"{{"resource":{{{}}}}}"#, resource(n))).collect();
        fits(&bundle(&all.join(",")).unwrap()).map_err(|refused| refused.to_string())
    };
    let condition = |n: usize| {
        format!(r#""resourceType":"Condition","id":"c{n}","code":{{"text":"x"}},"subject":{{"reference":"Patient/p"}}"#)
    };
    assert_eq!(many(4_092, &condition), Ok(()));
    let refused = "a.json: entry[4095]: is one entry of 4200; 4092 fit in this bundle: split it";
    assert_eq!(many(4_200, &condition), Err(refused.to_owned()));
    let visit = |n: usize| {
        format!(
            r#""resourceType":"Encounter","id":"e{n}","status":"finished","subject":{{"reference":"Patient/p"}},
            "participant":[{{"individual":{{"reference":"Practitioner/n"}}}}],"serviceProvider":{{"reference":"Organization/o"}}"#
        )
    };
    assert_eq!(many(300, &visit), Ok(()), "one worker, however often");
    let agency = |n: usize| format!(r#""resourceType":"Organization","id":"o{n}","name":"North""#);
    let refused = many(600, &agency).unwrap_err();
    assert!(refused.ends_with("which names 601 organisations and 0 practitioners: split it"), "{refused}");
}

/// A resource about the person, in an entry with this beside it.
fn about(kind: &str, id: &str, within: &str, beside: &str) -> String {
    format!(
        r#"{{"resource":{{"resourceType":"{kind}","id":"{id}","subject":{{"reference":"Patient/p"}}{within}}}{beside}}}"#
    )
}

/// A plan in force, with these activities and what else it says.
fn care_plan(id: &str, activities: &[&str], within: &str) -> String {
    let details: Vec<_> = activities.iter().map(|detail| format!(r#"{{"detail":{{{detail}}}}}"#)).collect();
    let activities = details.join(",");
    let within = format!(r#","status":"active","intent":"plan","activity":[{activities}]{within}"#);
    about("CarePlan", id, &within, "")
}

/// A visit to Morag Reid at North, as this participant.
fn visit(id: &str, participant: &str, within: &str) -> String {
    let within = format!(
        r#","status":"finished","serviceProvider":{{"reference":"Organization/o"}},
        "participant":[{{"individual":{{"reference":"Practitioner/n"}}{participant}}}]{within}"#
    );
    about("Encounter", id, &within, "")
}

/// What became of a resource.
fn outcome(plan: &Plan, resource: &str) -> Outcome {
    plan.lines.values().find(|line| line.resource == resource).unwrap().outcome.clone()
}

#[test]
fn rule_26_another_servers_patient_is_somebody_else() {
    let text = |server: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"collection","entry":[
            {{"fullUrl":"https://south.test/Patient/1","resource":{{"resourceType":"Patient","id":"1","name":[{{"text":"Ailsa"}}]}}}},
            {{"fullUrl":"https://{server}.test/Condition/1","resource":{{"resourceType":"Condition","id":"1","code":{{"text":"HIV"}},"subject":{{"reference":"Patient/1"}}}}}}]}}"#
        )
    };
    let refused = plan_of("a.json", &text("north")).unwrap_err().to_string();
    assert_eq!(refused, "a.json: entry[1].resource.subject.reference: is not the bundle's Patient");
    assert_eq!(says(&plan_of("a.json", &text("south")).unwrap()), ["condition: HIV"]);
}

#[test]
fn rule_26_who_did_not_attend_or_only_came_along_has_not_seen_the_person() {
    let seen = |participant: &str| bundle(&visit("e", participant, "")).unwrap().suggestions.len();
    assert_eq!(seen(""), 1);
    assert_eq!(seen(r#","type":[{"coding":[{"code":"CON"}]}]"#), 1);
    assert_eq!(seen(r#","modifierExtension":[{"url":"https://x.test/did-not-attend"}]"#), 0);
    for code in ["REF", "TRANS", "translator", "ESC", "CALLBCK", "emergency"] {
        assert_eq!(seen(&format!(r#","type":[{{"coding":[{{"code":"{code}"}}]}}]"#)), 0, "{code}");
    }
    assert_eq!(seen(r#","type":[{"text":"Interpreter"}]"#), 0);
}

#[test]
fn equal_words_are_not_the_same_action() {
    let walk = |more: &str| format!(r#""code":{{"text":"Walk"}}{more}"#);
    let (retracted, open) = (walk(r#","status":"entered-in-error""#), walk(r#","status":"in-progress""#));
    let (monday, tuesday) = (
        walk(r#","status":"in-progress","scheduledPeriod":{"end":"2027-01-04"}"#),
        walk(r#","status":"in-progress","scheduledPeriod":{"end":"2027-01"}"#),
    );
    let plan = bundle(&care_plan("c", &[&retracted, &open, &open, &monday, &tuesday], "")).unwrap();
    assert_eq!(says(&plan), ["open: Walk"; 3]);
    let dues = plan.entries.iter().map(|entry| match &entry.kind {
        EntryKind::Action { due, .. } => due.as_str(),
        EntryKind::Condition { .. } | EntryKind::Goal { .. } => panic!("{entry:?}"),
    });
    assert_eq!(dues.collect::<Vec<_>>(), ["", "2027-01-04", "2027-01"]);
    let ids: std::collections::BTreeSet<_> = plan.entries.iter().map(|entry| entry.entry).collect();
    assert_eq!(ids.len(), 3);
    let says_so = "CarePlan/c activity[2]: says the same as one before it".to_owned();
    assert!(left_out(&plan).contains(&says_so));
}

#[test]
fn practitioners_are_told_apart_by_what_is_theirs_alone() {
    // Two practitioners of one bundle, with these numbers; who sees the person are both.
    let workers = |one: &str, other: &str| {
        let practitioner = |id: &str, number: &str| {
            format!(r#"{{"resource":{{"resourceType":"Practitioner","id":"{id}","identifier":[{number}]}}}}"#)
        };
        let visit = |id: &str, who: &str| visit(id, "", "").replace("Practitioner/n", &format!("Practitioner/{who}"));
        let all = [practitioner("a", one), practitioner("b", other), visit("e1", "a"), visit("e2", "b")];
        bundle(&all.join(",")).unwrap().staff.into_keys().collect::<std::collections::BTreeSet<_>>()
    };
    let number = r#"{"system":"https://x.test/desk","value":"7"}"#;
    assert_eq!(workers(number, number).len(), 2, "a number that two have is nobody's");
    let with = workers(number, r#"{"system":"https://x.test/desk","value":"8"}"#);
    assert_eq!(with.len(), 2);
    for no_number in [
        r#"{"value":"7"}"#,
        r#"{"system":"https://x.test/desk","value":"7","period":{"end":"2020"}}"#,
        r#"{"system":"https://x.test/desk","value":"7","use":"old"}"#,
    ] {
        let without = workers(no_number, r#"{"system":"https://x.test/desk","value":"8"}"#);
        assert_eq!(without.intersection(&with).count(), 1, "{no_number}");
    }
}

#[test]
fn plans_that_are_left_out_name_nobody() {
    let author = r#","author":{"reference":"Practitioner/n"},"goal":[{"reference":"Goal/g"}]"#;
    let goal = about("Goal", "g", r#","lifecycleStatus":"active","description":{"text":"Walk"}"#, "");
    let draft = care_plan("c", &[], author).replace("\"active\",\"intent\"", "\"draft\",\"intent\"");
    let plan = bundle(&[draft, goal.clone()].join(",")).unwrap();
    assert!(plan.staff.is_empty(), "{:?}", plan.staff);
    assert_eq!(written_by(&plan, "Walk"), "not said");
    // Plans by several say nothing of who wrote the goal, whatever their order.
    let by_person = care_plan("d", &[], &author.replace("Practitioner/n", "Patient/p"));
    let by_worker = care_plan("c", &[], author);
    for plans in [[by_person.clone(), by_worker.clone()], [by_worker.clone(), by_person]] {
        let plan = bundle(&[plans.join(","), goal.clone()].join(",")).unwrap();
        assert_eq!(written_by(&plan, "Walk"), "not said");
    }
    let plan = bundle(&[by_worker, goal].join(",")).unwrap();
    assert_eq!(written_by(&plan, "Walk"), "Morag Reid, https://records.example");
}

#[test]
fn a_goal_is_as_far_as_its_sender_says() {
    let goal = |status: &str, achieved: &str| {
        let within = format!(
            r#","lifecycleStatus":"{status}","description":{{"text":"Walk"}},"achievementStatus":{{{achieved}}}"#
        );
        let plan = bundle(&about("Goal", "g", &within, "")).unwrap();
        match plan.entries.first().map(|entry| &entry.kind) {
            Some(EntryKind::Goal { finish: Finish::Ended(why) }) => why.clone(),
            _ => says(&plan).concat(),
        }
    };
    let coded = |code: &str| format!(r#""coding":[{{"code":"{code}"}}]"#);
    assert_eq!(goal("proposed", ""), "");
    assert_eq!(goal("rejected", ""), "");
    assert_eq!(goal("completed", ""), "ended in the imported record; whether it was achieved is not said");
    assert_eq!(goal("completed", &coded("in-progress")), goal("completed", ""));
    assert_eq!(goal("completed", &coded("not-attainable")), "ended in the imported record, and not as achieved");
    assert_eq!(goal("completed", r#""text":"nearly""#), "ended in the imported record: nearly");
    assert_eq!(goal("completed", &coded("sustaining")), "done: Walk");
    assert_eq!(goal("active", &coded("sustaining")), "open: Walk (met, and to be kept up)");
    assert_eq!(goal("active", &coded("improving")), "open: Walk");
}

#[test]
fn an_author_is_of_where_they_saw_the_person_whatever_the_order() {
    let other = r#"{"resource":{"resourceType":"Organization","id":"o2","name":"South"}}"#;
    let somebody = r#"{"resource":{"resourceType":"Practitioner","id":"m","name":[{"text":"Sid"}]}}"#;
    let asserted = |by: &str| {
        let within = format!(
            r#","code":{{"text":"Asthma"}},"encounter":{{"reference":"Encounter/e"}},"asserter":{{"reference":"Practitioner/{by}"}}"#
        );
        about("Condition", "c", &within, "")
    };
    let elsewhere =
        visit("e2", "", "").replace("Practitioner/n", "Practitioner/m").replace("Organization/o", "Organization/o2");
    let here = visit("e", "", "");
    let (by_n, by_m) = (asserted("n"), asserted("m"));
    let resources = |of: &[&str]| bundle(&of.join(",")).unwrap();
    // Somebody who was not at the encounter is not of its agency.
    let plan = resources(&[other, somebody, &by_m, &here, &elsewhere]);
    assert_eq!(written_by(&plan, "Asthma"), "Sid, South");
    assert_eq!(outcome(&plan, "Practitioner/m"), Outcome::Became("named worker"));
    assert_eq!(written_by(&resources(&[other, somebody, &here, &elsewhere, &by_m]), "Asthma"), "Sid, South");
    assert_eq!(written_by(&resources(&[&here, &by_n]), "Asthma"), "Morag Reid, North");
    // Of whom it is not said where they work is named as the source names them.
    let plan = resources(&[somebody, &by_m, &here]);
    assert_eq!(written_by(&plan, "Asthma"), "Sid, https://records.example");
    assert_eq!(outcome(&plan, "Practitioner/m"), Outcome::Became("named worker"));
}

#[test]
fn what_is_over_or_not_in_use_is_told() {
    let condition = |within: &str| {
        let within = format!(r#","code":{{"text":"Asthma"}}{within}"#);
        says(&bundle(&about("Condition", "c", &within, "")).unwrap()).concat()
    };
    assert_eq!(
        condition(r#","abatementDateTime":"2019-03-02T10:00:00Z""#),
        "condition: Asthma (over since 2019-03-02)"
    );
    assert_eq!(condition(r#","abatementAge":{"value":7}"#), "condition: Asthma (over)");
    let resolved = r#","clinicalStatus":{"coding":[{"code":"resolved"}]},"abatementString":"as a child""#;
    assert_eq!(condition(resolved), "condition: Asthma (resolved)");
    assert_eq!(condition(r#","verificationStatus":{"text":"Suspected"}"#), "condition: Asthma (Suspected)");
    assert_eq!(condition(r#","clinicalStatus":{"text":"Long gone"}"#), "condition: Asthma (Long gone)");
    // A person, an organisation, a team, a member, a visit.
    let patient = |what: &str| {
        let text = format!(
            r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{{"resourceType":"Patient","id":"p","name":[{{"text":"A"}}],{what}}}}}]}}"#
        );
        plan_of("a.json", &text).unwrap_err().to_string()
    };
    assert!(patient(r#""active":false"#).contains("entry[0].resource.active: its source does not use"));
    let replaced = r#""link":[{"type":"replaced-by","other":{"reference":"Patient/q"}}]"#;
    assert!(patient(replaced).contains("entry[0].resource.link: its source goes by another record"));
    assert!(patient(r#""birthDate":"1960-02-30""#).starts_with("a.json: entry[0].resource.birthDate: must be a date"));
    let suggested = |resource: String| bundle(&resource).unwrap().suggestions.len();
    for status in ["arrived", "triaged"] {
        assert_eq!(suggested(visit("e", "", "").replace("finished", status)), 0, "{status}");
    }
    assert_eq!(suggested(visit("e", "", "").replace(r#""subject":{"reference":"Patient/p"},"#, "")), 0);
    let closed = r#"{"resource":{"resourceType":"Organization","id":"o2","name":"South","active":false}}"#;
    let there = visit("e", "", "").replace("Organization/o", "Organization/o2");
    assert_eq!(suggested([closed.to_owned(), there].join(",")), 0);
    let team = |within: &str, member: &str| {
        let within = format!(
            r#","managingOrganization":[{{"reference":"Organization/o"}}],"participant":[{{"member":{{"reference":"Practitioner/n"}}{member}}}]{within}"#
        );
        suggested(about("CareTeam", "t", &within, ""))
    };
    assert_eq!((team("", ""), team(r#","status":"active""#, "")), (1, 1));
    for over in [r#","status":"unheard-of""#, r#","period":{"end":"2020"}"#, r#","period":{"start":"2027"}"#] {
        assert_eq!(team(over, ""), 0, "{over}");
    }
    assert_eq!(team("", r#","period":{"end":"2026-11-25"}"#), 0);
}

#[test]
fn a_plan_says_that_it_is_one_and_repeats_no_numbers() {
    let walk = r#""code":{"text":"Walk"},"status":"in-progress""#;
    for intent in ["", r#","intent":"filler-order""#] {
        let plan = care_plan("c", &[walk], "").replace(r#","intent":"plan""#, intent);
        let said = left_out(&bundle(&plan).unwrap());
        assert!(said.contains(&"CarePlan/c: does not say whether it is a plan or a proposal".to_owned()), "{said:?}");
    }
    let within =
        r#","status":"active","intent":"plan","activity":[{"reference":{"reference":"Task?patient=9434765919"}}]"#;
    let said = left_out(&bundle(&about("CarePlan", "c", within, "")).unwrap()).join("; ");
    assert!(said.contains("stands in another resource, which is not read") && !said.contains("9434765919"), "{said}");
    let when = care_plan("c", &[&format!(r#"{walk},"scheduledString":"every morning""#)], "");
    assert_eq!(says(&bundle(&when).unwrap()), ["open: Walk (every morning)"]);
}

#[test]
fn what_is_written_apart_is_the_same_text() {
    // An escape beside a mark that would compose with its letter is still an escape.
    let condition =
        |text: &str| says(&bundle(&about("Condition", "c", &format!(r#","code":{{"text":"{text}"}}"#), "")).unwrap());
    assert_eq!(condition("Cafe\\u0301"), ["condition: Caf\u{e9}"]);
    assert_eq!(condition("line\\n\u{301}"), ["condition: line\n\u{301}"]);
}

#[test]
fn another_systems_codes_say_nothing_and_the_words_do() {
    let status =
        r#","clinicalStatus":{"coding":[{"system":"http://snomed.info/sct","code":"73425007"}],"text":"Resolved"}"#;
    let within = format!(r#","code":{{"text":"Epilepsy"}}{status}"#);
    assert_eq!(says(&bundle(&about("Condition", "c", &within, "")).unwrap()), ["condition: Epilepsy (Resolved)"]);
    // Words that look like a number of equal ones are others.
    let walk = |words: &str, end: &str| {
        format!(r#""code":{{"text":"{words}"}},"status":"in-progress","scheduledPeriod":{{"end":"{end}"}}"#)
    };
    let plan = [walk("X", "2027-01"), walk("X", "2027-02"), walk("X#2", "2027-03")];
    let plan = bundle(&care_plan("c", &[&plan[0], &plan[1], &plan[2]], "")).unwrap();
    let ids: std::collections::BTreeSet<_> = plan.entries.iter().map(|entry| entry.entry).collect();
    assert_eq!(ids.len(), 3);
}
