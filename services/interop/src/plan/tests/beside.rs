//! What is said beside a resource, inside it, or in codes that nobody here knows.

use super::*;

#[test]
fn what_stands_inside_a_resource_has_a_line() {
    let plan = bundle(
        r##"{"resource":{"resourceType":"CarePlan","id":"c","status":"active","intent":"plan","subject":{"reference":"Patient/p"},
            "contained":[{"resourceType":"Goal","id":"g1"},{"resourceType":"no type","id":"no id"}],
            "activity":[{"detail":{"status":"in-progress","code":{"text":"Weigh"},"goal":[{"reference":"#g1"}],"description":"not after meals"}}]}},
           {"resource":{"resourceType":"PractitionerRole","id":"a_b"}}"##,
    )
    .unwrap();
    assert_eq!(says(&plan), ["open: Weigh: not after meals"]);
    let inside = ["Goal#g1", "resource#"]
        .map(|name| format!("CarePlan/c contained {name}: stands inside another resource, and is not read"));
    let left_out = left_out(&plan);
    assert!(inside.iter().all(|line| left_out.contains(line)), "{left_out:?}");
    // What is not read may be called whatever its source likes.
    assert!(left_out.contains(&"PractitionerRole: is not a resource that is read".to_owned()), "{left_out:?}");
}

#[test]
fn what_is_said_beside_a_goal_or_a_plan_is_said() {
    let goal = |lifecycle: &str, achievement: &str| {
        let plan = bundle(&format!(
            r#"{{"resource":{{"resourceType":"Goal","id":"g","lifecycleStatus":"{lifecycle}","description":{{"text":"Walk"}},
                "achievementStatus":{achievement},"subject":{{"reference":"Patient/p"}}}}}}"#
        ));
        says(&plan.unwrap()).concat()
    };
    let coded = |code: &str| format!(r#"{{"coding":[{{"code":"{code}"}}]}}"#);
    assert_eq!(goal("on-hold", &coded("sustaining")), "open: Walk (on hold, met, and to be kept up)");
    assert_eq!(goal("active", &coded("not-attainable")), "open: Walk (cannot be achieved)");
    assert_eq!(goal("active", r#"{"text":"Gave up"}"#), "open: Walk (Gave up)");
    assert_eq!(goal("active", &coded("improving")), "open: Walk");
    let over = bundle(
        r#"{"resource":{"resourceType":"CarePlan","id":"c","status":"active","intent":"plan","subject":{"reference":"Patient/p"},
            "period":{"end":"2013-10-01"},"activity":[{"detail":{"status":"scheduled","code":{"text":"Visit"}}}]}}"#,
    );
    assert_eq!(says(&over.unwrap()), ["open: Visit (its plan was until 2013-10-01)"]);
}

#[test]
fn a_code_that_is_not_known_says_nothing_that_it_may_not_mean() {
    let condition = |elements: &str| {
        let plan = bundle(&format!(
            r#"{{"resource":{{"resourceType":"Condition","id":"c","subject":{{"reference":"Patient/p"}},{elements}}}}}"#
        ));
        let plan = plan.unwrap();
        says(&plan).first().cloned().unwrap_or_else(|| left_out(&plan).pop().unwrap())
    };
    let stroke = r#""code":{"text":" ","coding":[{"display":"Stroke"}]}"#;
    let snomed = r#"{"coding":[{"system":"http://snomed.info/sct","code":"410516002"}]}"#;
    let unknown = condition(&format!(r#"{stroke},"verificationStatus":{snomed}"#));
    assert!(unknown.starts_with("Condition/c: says in a code that is not known here"), "{unknown}");
    let course = condition(&format!(r#"{stroke},"clinicalStatus":{snomed}"#));
    assert_eq!(course, "condition: Stroke (whether it goes on is said in a code that is not known here)");
    let ahead = condition(&format!(r#"{stroke},"abatementDateTime":"2030-01-01","bodySite":[{{"text":"left"}}]"#));
    assert_eq!(ahead, "condition: Stroke (left)");
    let absent = r#""code":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"masked","display":"Masked"}]}"#;
    assert_eq!(condition(absent), "Condition/c: has no words for its code");
}

#[test]
fn a_document_that_is_not_final_or_about_somebody_else_is_refused() {
    let composition = |status: &str, of: &str| {
        let text = format!(
            r#"{{"resource":{{"resourceType":"Composition","id":"d","status":"{status}","subject":{{"reference":"Patient/{of}"}}}}}}"#
        );
        bundle(&text).map(drop).map_err(|refused| refused.to_string())
    };
    assert_eq!(composition("final", "p"), Ok(()));
    assert!(composition("preliminary", "p").unwrap_err().contains("not finished yet"));
    assert!(composition("final", "q").unwrap_err().contains("is not the bundle's Patient"));
}
