//! Receipts and provisions in plain words.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::events::{PermitChange, RecallAnswer};
use domain::agency::ContentLevel;
use domain::sharing::Provision;
use domain::vocabulary::{Action, Author, Category, Level, ProvisionActor, Purpose, TOPICS, Timestamp};
use proto::access::v1::Party;
use rpc::words::Names;
use views::access_history::{ReceiptDoc, ReceiptKind};
use views::deliveries::DeliveryDoc;
use views::recalls::{AnswerDoc, RecallDoc};

/// `a`, `b and c`.
fn list(words: &[&str], nothing: &str) -> String {
    match words {
        [] => nothing.to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

pub(crate) fn categories(categories: &[Category], nothing: &str) -> String {
    list(&categories.iter().map(|c| c.word()).collect::<Vec<_>>(), nothing)
}

/// Who it was, by name, role and agency.
fn who(doc: &ReceiptDoc, names: &impl Names) -> String {
    match doc.party {
        Author::Person => "You".to_owned(),
        Author::System => "The system".to_owned(),
        Author::AnotherPerson => "Somebody who is signed in as another person".to_owned(),
        Author::Worker(worker) => {
            let (name, _) = names.staff(worker.staff());
            let name = if name.is_empty() { "Somebody unknown".to_owned() } else { name };
            let known = [name, doc.role.clone(), names.agency_then(worker.agency(), doc.at)];
            let known: Vec<_> = known.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
            known.join(", ")
        }
    }
}

/// What a receipt says, without the time: whoever shows it puts that in the reader's own way.
pub(crate) fn receipt(doc: &ReceiptDoc, names: &impl Names) -> String {
    let (who, purpose) = (who(doc, names), purpose(doc.purpose));
    match doc.kind {
        ReceiptKind::Viewed if doc.entries == 0 => {
            format!("{who} looked and found nothing that you share{}, {purpose}{}", more(doc), under_law(doc))
        }
        ReceiptKind::Viewed if doc.party == Author::Person => {
            format!("{who} looked at your {}", categories(&doc.categories, "record"))
        }
        ReceiptKind::Viewed => {
            let authors = if doc.named_authors { ", and at who of other agencies wrote it" } else { "" };
            let seen = categories(&doc.categories, "record");
            let (more, emergency, law) = (more(doc), under_emergency(doc), under_law(doc));
            format!("{who} looked at your {seen}{authors}{more}, {purpose}{emergency}{law}")
        }
        ReceiptKind::Contributed if doc.party == Author::System => {
            let source = if doc.source.is_empty() { String::new() } else { format!(" of {}", doc.source) };
            let source = if doc.file.is_empty() { source } else { format!("{source} (`{}`)", doc.file) };
            let to = categories(&doc.categories, "record");
            format!("Those who run the system brought in records{source}: your {to}{}", rest_of_file(doc))
        }
        ReceiptKind::Contributed => {
            let added = categories(&doc.categories, "record");
            format!("{who} added to your {added}, {purpose}{}", under_emergency(doc))
        }
        ReceiptKind::Denied => {
            let why = list(&doc.rules.iter().map(|r| r.word()).collect::<Vec<_>>(), "nothing permits it");
            format!("{who} tried to use your {} and was refused: {why}", categories(&doc.categories, "record"))
        }
        ReceiptKind::Reviewed => {
            let found = if doc.justified { "justified" } else { "not justified" };
            format!("{who} reviewed an emergency access to your record and found it {found}: {}", doc.reason)
        }
        ReceiptKind::Emergency => {
            let until = doc.until.map(|until| format!(" until {}", day(until))).unwrap_or_default();
            let again = if doc.nth > 1 { again(doc.nth) } else { String::new() };
            format!("{who} opened emergency access to your record{until}{again}, saying: {}", doc.reason)
        }
        ReceiptKind::EmergencyEnded if doc.party == Author::System => {
            "An emergency access to your record ended, because whoever had it left their agency".to_owned()
        }
        ReceiptKind::EmergencyEnded => format!("{who} ended an emergency access to your record"),
        ReceiptKind::LawfulBasis => {
            let lets = doc.terms.clone().map(|terms| provision(&Provision::Permit(terms), names)).unwrap_or_default();
            let (statute, reason) = (&doc.statute, &doc.reason);
            format!(
                "{who} named a law ({statute}) that lets this be so, whatever you share: {lets}. They said: {reason}"
            )
        }
        ReceiptKind::LawfulBasisEnded => format!("{who} ended what a law had let their agency see of your record"),
        ReceiptKind::EmergencyAllowed => {
            let (whom, reason) = (about(doc, names), &doc.reason);
            format!("{who} allowed {whom} to open emergency access to your record again, saying: {reason}")
        }
    }
}

/// How many entries, and of what: `3 entries of your goals and health`.
fn entries(count: usize, of: &[Category]) -> String {
    format!("{count} {} of your {}", if count == 1 { "entry" } else { "entries" }, categories(of, "record"))
}

/// An agency's computer system, as people call it.
fn system(agency: &str) -> String {
    let agency = if agency.is_empty() { "An agency" } else { agency };
    format!("{agency}'s computer system")
}

/// What somebody would see: `Morag Reid would see 3 entries of your goals, and your health, to treat or support you`.
pub(crate) fn preview<'a>(
    party: &Party,
    is_system: bool,
    then: impl Iterator<Item = (Purpose, Action, &'a BTreeMap<Category, usize>)>,
) -> String {
    let who = if is_system { system(&party.agency_name) } else { party.name.clone() };
    let who = if who.is_empty() { "Somebody who supports you".to_owned() } else { who };
    let each = then.filter(|(_, _, seen)| !seen.is_empty()).map(|(purpose, action, seen)| {
        let count = |(category, entries): (&Category, &usize)| format!("{} ({entries})", category.word());
        let seen: Vec<_> = seen.iter().map(count).collect();
        let seen = list(&seen.iter().map(String::as_str).collect::<Vec<_>>(), "");
        let verb = if is_system { "receive" } else { action.word() };
        format!("{verb} your {seen}, {}", purpose.word())
    });
    let each: Vec<_> = each.collect();
    if each.is_empty() { format!("{who} would see nothing") } else { format!("{who} would {}", each.join("; and ")) }
}

/// What one feed delivered on a day.
pub(crate) fn delivered(doc: &DeliveryDoc, agency: &str, count: usize, of: &[Category]) -> String {
    let (system, purpose) = (format!("{} ({})", system(agency), doc.name), purpose(doc.purpose));
    let (received, told) = (entries(count, of), told(doc));
    if count == 0 && !told.is_empty() {
        return format!("{system} was told {told}, {purpose}");
    }
    let received = match doc.content() {
        ContentLevel::Full => format!("{system} received {received}, {purpose}"),
        ContentLevel::IdOnly => format!("{system} was told which {received} are new or changed, {purpose}"),
        ContentLevel::Empty => format!("{system} was told that something had happened, {purpose}"),
    };
    if told.is_empty() { received } else { format!("{received}; it was told {told}") }
}

/// What was told of permits, in the order in which it can happen.
fn told(doc: &DeliveryDoc) -> String {
    let words = |change: PermitChange| match change {
        PermitChange::Began => "that you let it receive something",
        PermitChange::Narrowed => "that you took back a part of what it may receive",
        PermitChange::Ended => "that you took back something that you had let it receive",
    };
    let said = doc.permits.iter().filter(|told| told.content > ContentLevel::Empty);
    let changes: BTreeSet<_> = said.map(|told| told.change).collect();
    list(&changes.into_iter().map(words).collect::<Vec<_>>(), "")
}

/// What an agency was asked to give back, and what came of it.
pub(crate) fn recall(doc: &RecallDoc, agency: &str, overdue: bool, (count, of): (usize, &[Category])) -> String {
    let asked =
        format!("{} is to delete {}, which you do not share with it any more", system(agency), entries(count, of));
    match doc.answers.last() {
        Some(AnswerDoc { answer: RecallAnswer::Erased, .. }) => format!("{asked}; the agency says that it has"),
        Some(AnswerDoc { answer: RecallAnswer::Retained, basis, .. }) => {
            format!("{asked}; the agency says that it keeps it, because: {basis}")
        }
        None if overdue => format!("{asked}; the agency has not answered, and should have by {}", day(doc.deadline)),
        None => format!("{asked}; the agency is to answer by {}", day(doc.deadline)),
    }
}

/// What a look asked for besides.
fn more(doc: &ReceiptDoc) -> String {
    if doc.refused.is_empty() {
        return String::new();
    }
    format!("; they asked for your {} too, and were refused", categories(&doc.refused, "record"))
}

/// That only an emergency made it possible, where the purpose does not say so.
fn under_emergency(doc: &ReceiptDoc) -> &'static str {
    let says_so = matches!(doc.purpose, Purpose::BreakGlass | Purpose::EmergencyTreatment);
    if doc.emergency && !says_so { "; only an emergency access made it possible" } else { "" }
}

/// That it relied on a law that was named: the purpose may be permitted, too.
fn under_law(doc: &ReceiptDoc) -> &'static str {
    if doc.lawful_bases.is_empty() { "" } else { "; a law was named that lets them, whatever you share" }
}

/// Whom a receipt is about besides whoever did it.
fn about(doc: &ReceiptDoc, names: &impl Names) -> String {
    let name = doc.about.map(|worker| names.staff(worker.staff()).0).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "a worker".to_owned())
}

/// That it is not the first emergency access of an agency.
fn again(nth: u32) -> String {
    let nth = match nth {
        2 => "the second".to_owned(),
        3 => "the third".to_owned(),
        nth => format!("number {nth}"),
    };
    format!(", {nth} of this agency")
}

pub(crate) fn purpose(purpose: Purpose) -> String {
    match purpose.word() {
        word if word.starts_with("to ") => format!("in order {word}"),
        word => word.to_owned(),
    }
}

/// What a label is about.
fn topic(label: &str) -> &str {
    TOPICS.iter().find(|(code, _)| *code == label).map_or(label, |(_, words)| words)
}

/// A moment in words, by UTC: `3 March 2026 at 14:05 UTC`.
pub(crate) fn day(at: Timestamp) -> String {
    sentences::moment(at.0)
}

/// What a provision says.
pub(crate) fn provision(provision: &Provision, names: &impl Names) -> String {
    let (permit, terms) = (provision.permits(), provision.terms());
    let or = |name: String, unknown: &str| if name.is_empty() { unknown.to_owned() } else { name };
    let actor = match &terms.actor {
        ProvisionActor::Agency(agency) => {
            format!("{} at {}", if permit { "Everybody" } else { "Nobody" }, or(names.agency(*agency), "an agency"))
        }
        ProvisionActor::Staff(staff) => or(names.staff(*staff).0, "One worker"),
        ProvisionActor::Role(role) => format!("{} whose role is {role}", if permit { "Anybody" } else { "Nobody" }),
        ProvisionActor::RoleAt(agency, role) => {
            let who = if permit { "Anybody" } else { "Nobody" };
            format!("{who} at {} whose role is {role}", or(names.agency(*agency), "an agency"))
        }
        ProvisionActor::Everybody => if permit { "Everybody" } else { "Nobody" }.to_owned(),
    };
    let except: Vec<_> = terms.except.iter().map(|staff| or(names.staff(*staff).0, "one worker")).collect();
    let except = except.iter().map(String::as_str).collect::<Vec<_>>();
    let actor = if except.is_empty() { actor } else { format!("{actor} but {}", list(&except, "")) };
    // "Everybody may not" would leave it open whether somebody may.
    let may = if !permit && terms.actor.staff().is_some() { "may not" } else { "may" };
    let verb = match (permit, terms.actions.as_slice()) {
        (true, []) => "see".to_owned(),
        (false, []) => "see, add to or pass on".to_owned(),
        (_, actions) => list(&actions.iter().map(|a| a.word()).collect::<Vec<_>>(), "see"),
    };
    let level = match (permit, terms.level) {
        (true, Level::Normal) => "",
        (true, Level::Restricted) => ", restricted entries too",
        (true, Level::VeryRestricted) => ", very restricted entries too",
        (false, Level::Normal) => "",
        (false, Level::Restricted) => " where it is restricted",
        (false, Level::VeryRestricted) => " where it is very restricted",
    };
    let topics = terms.labels.iter().map(|label| topic(label)).collect::<Vec<_>>();
    let topics = match (permit, topics.as_slice()) {
        (_, []) => String::new(),
        (true, topics) => format!(", also where it is about {}", list(topics, "")),
        (false, topics) => format!(" where it is about {}", list(topics, "")),
    };
    let begins = terms.from.map(|from| format!(", from {}", day(from))).unwrap_or_default();
    let ends = terms.until.map(|until| format!(", until {}", day(until))).unwrap_or_default();
    let purposes = terms.purposes.iter().map(|p| p.word()).collect::<Vec<_>>();
    let purposes = if purposes.is_empty() { String::new() } else { format!(", {}", list(&purposes, "")) };
    format!(
        "{actor} {may} {verb} your {}{level}{topics}{purposes}{begins}{ends}",
        categories(&terms.categories, "record")
    )
}

/// What an import did not take from its file.
fn rest_of_file(doc: &ReceiptDoc) -> String {
    let left_out = (doc.left_out > 0).then(|| format!("left out of what they say: {}", doc.left_out));
    let changed = (doc.changed > 0).then(|| {
        format!("said otherwise there now than when it was brought in before, and left as it is: {}", doc.changed)
    });
    left_out.into_iter().chain(changed).map(|part| format!("; {part}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{AgencyId, ReceiptId, StaffId};
    use domain::vocabulary::{DenialRule, Terms, Worker};
    use uuid::Uuid;

    struct Known;

    impl Names for Known {
        fn agency(&self, _: AgencyId) -> String {
            "North Community Health".into()
        }

        fn staff(&self, _: StaffId) -> (String, String) {
            ("Morag Reid".into(), "team lead since".into())
        }
    }

    fn doc(kind: ReceiptKind) -> ReceiptDoc {
        ReceiptDoc {
            source: String::new(),
            file: String::new(),
            left_out: 0,
            changed: 0,
            receipt: ReceiptId(Uuid::nil()),
            kind,
            party: Author::Worker(Worker::new(AgencyId(Uuid::nil()), StaffId(Uuid::nil()))),
            role: "district nurse".into(),
            at: Timestamp(0),
            purpose: Purpose::CareCoordination,
            categories: vec![Category::Goals, Category::Wellbeing],
            entries: 3,
            refused: vec![],
            named_authors: false,
            emergency: false,
            reason: String::new(),
            emergency_access: None,
            justified: false,
            until: None,
            nth: 0,
            about: None,
            lawful_bases: vec![],
            statute: String::new(),
            terms: None,
            rules: vec![DenialRule::AgencyBlocked],
            queries: vec![],
        }
    }

    #[test]
    fn a_provision_says_its_topics_and_that_it_ends() {
        let terms = Terms {
            actor: ProvisionActor::Everybody,
            except: vec![],
            categories: vec![Category::Health],
            level: Level::Normal,
            labels: vec!["PSY".into()],
            purposes: vec![],
            actions: vec![],
            from: Some(Timestamp(0)),
            until: Some(Timestamp(1_772_546_700_000_000)),
        };
        let said = provision(&Provision::Deny(terms), &Known);
        let expected = "Nobody may see, add to or pass on your health where it is about a psychiatric condition, from 1 January 1970 at 00:00 UTC, until 3 March 2026 at 14:05 UTC";
        assert_eq!(said, expected);
    }

    #[test]
    fn a_receipt_reads_as_plain_words() {
        let said = receipt(&doc(ReceiptKind::Viewed), &Known);
        let expected = "Morag Reid, district nurse, North Community Health looked at your goals and wellbeing, in order to coordinate your support";
        assert_eq!(said, expected);
        let named = receipt(&ReceiptDoc { named_authors: true, ..doc(ReceiptKind::Viewed) }, &Known);
        assert!(named.contains("wellbeing, and at who of other agencies wrote it, in order"), "{named}");
        let asked = ReceiptDoc { refused: vec![Category::Health], emergency: true, ..doc(ReceiptKind::Viewed) };
        let said = receipt(&asked, &Known);
        let expected = "wellbeing; they asked for your health too, and were refused, in order to coordinate your support; only an emergency access made it possible";
        assert!(said.ends_with(expected), "{said}");
        assert!(receipt(&doc(ReceiptKind::Denied), &Known).ends_with("was refused: you have blocked the agency"));
    }
}
