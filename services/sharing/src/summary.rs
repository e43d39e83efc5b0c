//! Receipts, choices, deliveries and recalls in plain words, from the sentences of a language.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::events::RecallAnswer;
use domain::agency::ContentLevel;
use domain::sharing::Provision;
use domain::vocabulary::{Action, Author, Category, Level, ProvisionActor, Purpose, Terms, Timestamp};
use proto::access::v1::Party;
use rpc::words::Names;
use sentences::{Arg, Sentences};
use views::access_history::{ReceiptDoc, ReceiptKind};
use views::deliveries::DeliveryDoc;
use views::recalls::{AnswerDoc, RecallDoc};

/// A moment in words, by UTC: `3 March 2026 at 14:05 UTC`.
pub(crate) fn day(at: Timestamp) -> String {
    sentences::moment(at.0)
}

/// The words of a language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a>(pub(crate) &'a Sentences);

impl Words<'_> {
    fn say(self, name: &str, args: &[(&'static str, &str)]) -> String {
        let args: Vec<_> = args.iter().map(|(name, text)| (*name, Arg::Text((*text).to_owned()))).collect();
        self.0.say(name, &args).unwrap_or_default()
    }

    /// The words under a name, where something is so; empty otherwise.
    fn only(self, is_so: bool, name: &str, args: &[(&'static str, &str)]) -> String {
        if is_so { self.say(name, args) } else { String::new() }
    }

    /// A word of the domain.
    fn word(self, kind: &str, of: impl std::fmt::Debug) -> String {
        self.say(&format!("{kind}-{}", sentences::name_of(&format!("{of:?}"))), &[])
    }

    /// `a`, `b and c`.
    fn list(self, words: &[String], nothing: &str) -> String {
        let Some((last, rest)) = words.split_last() else { return nothing.to_owned() };
        let joined =
            rest.iter().cloned().reduce(|some, next| self.say("list-more", &[("some", &some), ("next", &next)]));
        joined.map_or_else(|| last.clone(), |some| self.say("list-last", &[("some", &some), ("last", last)]))
    }

    /// Parts of a record: all of it, if none is named.
    pub(crate) fn categories(self, categories: &[Category]) -> String {
        let each: Vec<_> = categories.iter().map(|category| self.word("category", category)).collect();
        self.list(&each, &self.say("record", &[]))
    }

    /// For what: `in order to coordinate your support`.
    pub(crate) fn why(self, purpose: Purpose) -> String {
        self.word("why", purpose)
    }

    /// What a label is about.
    pub(crate) fn topic(self, label: &str) -> String {
        let said = self.say(&format!("topic-{}", label.to_lowercase()), &[]);
        if said.is_empty() { label.to_owned() } else { said }
    }

    /// Who it was, by name, role and agency.
    fn who(self, doc: &ReceiptDoc, names: &impl Names) -> String {
        match doc.party {
            Author::Person => self.say("who-you", &[]),
            Author::System => self.say("who-system", &[]),
            Author::AnotherPerson => self.say("who-another-person", &[]),
            Author::Worker(worker) => {
                let (name, _) = names.staff(worker.staff());
                let name = if name.is_empty() { self.say("who-unknown", &[]) } else { name };
                let known = [name, doc.role.clone(), names.agency_then(worker.agency(), doc.at)];
                known.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// What a receipt says, without the time: whoever shows it puts that in the reader's own way.
    pub(crate) fn receipt(self, doc: &ReceiptDoc, names: &impl Names) -> String {
        let name = match doc.kind {
            ReceiptKind::Viewed if doc.session => "receipt-viewed-session",
            ReceiptKind::Viewed if doc.entries == 0 => "receipt-viewed-nothing",
            ReceiptKind::Viewed if doc.party == Author::Person => "receipt-viewed-own",
            ReceiptKind::Viewed => "receipt-viewed",
            ReceiptKind::Contributed if doc.party == Author::System => "receipt-brought-in",
            ReceiptKind::Contributed => "receipt-contributed",
            ReceiptKind::Denied => "receipt-denied",
            ReceiptKind::Reviewed if doc.justified => "receipt-reviewed-justified",
            ReceiptKind::Reviewed => "receipt-reviewed-unjustified",
            ReceiptKind::Emergency => "receipt-emergency",
            ReceiptKind::EmergencyEnded if doc.party == Author::System => "receipt-emergency-left",
            ReceiptKind::EmergencyEnded => "receipt-emergency-ended",
            ReceiptKind::LawfulBasis => "receipt-lawful-basis",
            ReceiptKind::LawfulBasisEnded => "receipt-lawful-basis-ended",
            ReceiptKind::EmergencyAllowed => "receipt-emergency-allowed",
        };
        let rules: Vec<_> = doc.rules.iter().map(|rule| self.word("denied", rule)).collect();
        let until = doc.until.map(day);
        let whom = doc.about.map(|worker| names.staff(worker.staff()).0).filter(|name| !name.is_empty());
        let choice = doc.terms.as_ref().map(|terms| self.provision(&Provision::Permit(terms.clone()), names));
        // The purpose says so itself.
        let is_emergency = matches!(doc.purpose, Purpose::BreakGlass | Purpose::EmergencyTreatment);
        let args: [(_, &str); 15] = [
            ("who", &self.who(doc, names)),
            ("why", &self.why(doc.purpose)),
            ("what", &self.categories(&doc.categories)),
            ("authors", &self.only(doc.named_authors, "look-authors", &[])),
            ("more", &self.only(!doc.refused.is_empty(), "look-more", &[("what", &self.categories(&doc.refused))])),
            ("emergency", &self.only(doc.emergency && !is_emergency, "look-emergency", &[])),
            ("law", &self.only(!doc.lawful_bases.is_empty(), "look-law", &[])),
            ("rules", &self.list(&rules, &self.say("denied-nothing", &[]))),
            ("reason", &doc.reason),
            ("statute", &doc.statute),
            ("choice", &choice.unwrap_or_default()),
            ("whom", &whom.unwrap_or_else(|| self.say("who-worker", &[]))),
            ("source", &self.source(doc)),
            ("rest", &self.rest_of_file(doc)),
            ("until", &until.map(|until| self.say("emergency-until", &[("until", &until)])).unwrap_or_default()),
        ];
        let mut args: Vec<_> = args.map(|(name, text)| (name, Arg::Text(text.to_owned()))).into();
        let nth = self.0.say("emergency-nth", &[("nth", Arg::Number(doc.nth))]).filter(|_| doc.nth > 1);
        args.push(("nth", Arg::Text(nth.unwrap_or_default())));
        self.0.say(name, &args).unwrap_or_default()
    }

    /// Where records came from.
    fn source(self, doc: &ReceiptDoc) -> String {
        let of = self.only(!doc.source.is_empty(), "brought-in-of", &[("source", &doc.source)]);
        of + &self.only(!doc.file.is_empty(), "brought-in-file", &[("file", &doc.file)])
    }

    /// What an import did not take from its file.
    fn rest_of_file(self, doc: &ReceiptDoc) -> String {
        let count = |name, count: u32| self.only(count > 0, name, &[("count", &count.to_string())]);
        count("brought-in-left-out", doc.left_out) + &count("brought-in-changed", doc.changed)
    }

    /// How many entries, and of what: `3 entries of your goals and health`.
    fn entries(self, count: usize, of: &[Category]) -> String {
        let count = Arg::Number(u32::try_from(count).unwrap_or(u32::MAX));
        self.0.say("entries", &[("count", count), ("what", Arg::Text(self.categories(of)))]).unwrap_or_default()
    }

    /// An agency's computer system, as people call it.
    fn system(self, agency: &str) -> String {
        self.say("system-of", &[("agency", if agency.is_empty() { "none" } else { agency })])
    }

    /// What somebody would see: `Morag Reid would see 3 entries of your goals, and your health, to treat or support you`.
    pub(crate) fn preview<'a>(
        self,
        party: &Party,
        is_system: bool,
        then: impl Iterator<Item = (Purpose, Action, &'a BTreeMap<Category, usize>)>,
    ) -> String {
        let who = if is_system { self.system(&party.agency_name) } else { party.name.clone() };
        let who = if who.is_empty() { self.say("who-supporter", &[]) } else { who };
        let each = then.filter(|(_, _, seen)| !seen.is_empty()).map(|(purpose, action, seen)| {
            let counted = |(category, entries): (&Category, &usize)| {
                let (what, count) = (self.word("category", category), entries.to_string());
                self.say("preview-counted", &[("what", &what), ("count", &count)])
            };
            let what = self.list(&seen.iter().map(counted).collect::<Vec<_>>(), "");
            let (verb, purpose) = (self.word("action", action), self.word("purpose", purpose));
            let name = if is_system { "preview-receive" } else { "preview-see" };
            self.say(name, &[("verb", &verb), ("what", &what), ("purpose", &purpose)])
        });
        match each.reduce(|some, next| self.say("preview-and", &[("some", &some), ("next", &next)])) {
            None => self.say("preview-nothing", &[("who", &who)]),
            Some(sees) => self.say("preview-sees", &[("who", &who), ("sees", &sees)]),
        }
    }

    /// What one feed delivered on a day.
    pub(crate) fn delivered(self, doc: &DeliveryDoc, agency: &str, count: usize, of: &[Category]) -> String {
        let system = self.say("delivered-by", &[("system", &self.system(agency)), ("name", &doc.name)]);
        let (entries, told, why) = (self.entries(count, of), self.told(doc), self.why(doc.purpose));
        let args: [(_, &str); 4] = [("system", &system), ("entries", &entries), ("told", &told), ("why", &why)];
        if count == 0 && !told.is_empty() {
            return self.say("delivered-told", &args);
        }
        let received = match doc.content() {
            ContentLevel::Full => self.say("delivered-full", &args),
            ContentLevel::IdOnly => self.say("delivered-id-only", &args),
            ContentLevel::Empty => self.say("delivered-empty", &args),
        };
        if told.is_empty() {
            return received;
        }
        self.say("delivered-told-too", &[("received", &received), ("told", &told)])
    }

    /// What was told of permits, in the order in which it can happen.
    fn told(self, doc: &DeliveryDoc) -> String {
        let said = doc.permits.iter().filter(|told| told.content > ContentLevel::Empty);
        let changes: BTreeSet<_> = said.map(|told| told.change).collect();
        self.list(&changes.into_iter().map(|change| self.word("told", change)).collect::<Vec<_>>(), "")
    }

    /// What an agency was asked to give back, and what came of it.
    pub(crate) fn recall(self, doc: &RecallDoc, agency: &str, overdue: bool, of: (usize, &[Category])) -> String {
        let args: [(_, &str); 2] = [("system", &self.system(agency)), ("entries", &self.entries(of.0, of.1))];
        let (asked, by) = (self.say("recall-asked", &args), day(doc.deadline));
        match doc.answers.last() {
            Some(AnswerDoc { answer: RecallAnswer::Erased, .. }) => self.say("recall-erased", &[("asked", &asked)]),
            Some(AnswerDoc { answer: RecallAnswer::Retained, basis, .. }) => {
                self.say("recall-retained", &[("asked", &asked), ("basis", basis)])
            }
            None => self.say(if overdue { "recall-overdue" } else { "recall-open" }, &[("asked", &asked), ("by", &by)]),
        }
    }

    /// What a provision says.
    pub(crate) fn provision(self, provision: &Provision, names: &impl Names) -> String {
        let (permit, terms) = (provision.permits(), provision.terms());
        let verbs: Vec<_> = terms.actions.iter().map(|action| self.word("action", action)).collect();
        let verb = match (permit, verbs.as_slice()) {
            (false, []) => self.say("provision-all-actions", &[]),
            (_, verbs) => self.list(verbs, &self.word("action", Action::Read)),
        };
        let kind = if permit { "permit" } else { "deny" };
        let level = match terms.level {
            Level::Normal => String::new(),
            Level::Restricted | Level::VeryRestricted => self.word(&format!("{kind}-level"), terms.level),
        };
        let topics = self.list(&terms.labels.iter().map(|label| self.topic(label)).collect::<Vec<_>>(), "");
        let topics = self.only(!topics.is_empty(), &format!("{kind}-topics"), &[("topics", &topics)]);
        let purposes: Vec<_> = terms.purposes.iter().map(|purpose| self.word("purpose", purpose)).collect();
        let purposes = self.list(&purposes, "");
        let purposes = self.only(!purposes.is_empty(), "provision-purposes", &[("purposes", &purposes)]);
        let begins = terms.from.map(|from| self.say("provision-begins", &[("from", &day(from))]));
        let ends = terms.until.map(|until| self.say("provision-ends", &[("until", &day(until))]));
        // "Everybody may not" would leave it open whether somebody may.
        let name = match (permit, terms.actor.staff()) {
            (true, _) => "provision-permit",
            (false, Some(_)) => "provision-deny-worker",
            (false, None) => "provision-deny",
        };
        let args: [(_, &str); 8] = [
            ("actor", &self.actor(permit, terms, names)),
            ("verb", &verb),
            ("what", &self.categories(&terms.categories)),
            ("level", &level),
            ("topics", &topics),
            ("purposes", &purposes),
            ("begins", &begins.unwrap_or_default()),
            ("ends", &ends.unwrap_or_default()),
        ];
        self.say(name, &args)
    }

    /// Whom a provision is about.
    fn actor(self, permit: bool, terms: &Terms, names: &impl Names) -> String {
        let or = |name: String, unknown: &str| if name.is_empty() { self.say(unknown, &[]) } else { name };
        let permit = ("permit", if permit { "yes" } else { "no" });
        let agency_of = |agency| or(names.agency(agency), "actor-an-agency");
        let actor = match &terms.actor {
            ProvisionActor::Agency(agency) => self.say("actor-agency", &[permit, ("agency", &agency_of(*agency))]),
            ProvisionActor::Staff(staff) => or(names.staff(*staff).0, "actor-one-worker"),
            ProvisionActor::Role(role) => self.say("actor-role", &[permit, ("role", role)]),
            ProvisionActor::RoleAt(agency, role) => {
                self.say("actor-role-at", &[permit, ("agency", &agency_of(*agency)), ("role", role)])
            }
            ProvisionActor::Everybody => self.say("actor-everybody", &[permit]),
        };
        let except: Vec<_> = terms.except.iter().map(|staff| or(names.staff(*staff).0, "actor-one-other")).collect();
        let except = self.list(&except, "");
        if except.is_empty() { actor } else { self.say("actor-but", &[("actor", &actor), ("except", &except)]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::access::events::PermitChange;
    use domain::ids::{AgencyId, ReceiptId, StaffId};
    use domain::vocabulary::{DenialRule, TOPICS, Worker};
    use uuid::Uuid;

    const KINDS: [ReceiptKind; 9] = [
        ReceiptKind::Viewed,
        ReceiptKind::Contributed,
        ReceiptKind::Denied,
        ReceiptKind::Emergency,
        ReceiptKind::Reviewed,
        ReceiptKind::EmergencyEnded,
        ReceiptKind::EmergencyAllowed,
        ReceiptKind::LawfulBasis,
        ReceiptKind::LawfulBasisEnded,
    ];

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
            session: false,
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
        let said = Words(&Sentences::english()).provision(&Provision::Deny(terms), &Known);
        let expected = "Nobody may see, add to or pass on your health where it is about a psychiatric condition, from 1 January 1970 at 00:00 UTC, until 3 March 2026 at 14:05 UTC";
        assert_eq!(said, expected);
    }

    #[test]
    fn a_receipt_reads_as_plain_words() {
        let english = Sentences::english();
        let receipt = |doc: &ReceiptDoc, names: &Known| Words(&english).receipt(doc, names);
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

    #[test]
    fn every_word_of_the_domain_and_every_kind_of_receipt_has_its_words() {
        let english = Sentences::english();
        let words = Words(&english);
        let all = [
            Category::ALL.iter().map(|one| words.word("category", one)).collect::<Vec<_>>(),
            Purpose::ALL.iter().flat_map(|one| [words.word("purpose", one), words.why(*one)]).collect(),
            Action::ALL.iter().map(|one| words.word("action", one)).collect(),
            DenialRule::ALL.iter().map(|one| words.word("denied", one)).collect(),
            PermitChange::ALL.iter().map(|one| words.word("told", one)).collect(),
            TOPICS.iter().map(|one| words.say(&format!("topic-{}", one.to_lowercase()), &[])).collect(),
        ];
        assert!(all.concat().iter().all(|said| !said.is_empty()), "{all:?}");
        for kind in KINDS {
            for party in [doc(kind).party, Author::System, Author::Person, Author::AnotherPerson] {
                for (entries, justified) in [(0, true), (3, false)] {
                    let said = words.receipt(&ReceiptDoc { party, entries, justified, nth: 2, ..doc(kind) }, &Known);
                    assert!(!said.is_empty() && !said.contains(['{', '$']), "{kind:?}: {said}");
                }
            }
        }
    }

    #[test]
    fn somebody_of_eleven_reads_a_receipt() {
        let english = Sentences::english();
        let words = Words(&english);
        let said = KINDS.iter().flat_map(|kind| {
            let of = |entries, party| ReceiptDoc { entries, party, reason: "“…”".into(), ..doc(*kind) };
            [of(0, doc(*kind).party), of(3, doc(*kind).party), of(3, Author::System)]
        });
        let said = said.map(|doc| words.receipt(&doc, &Known) + ".");
        let name = "Morag Reid, district nurse, North Community Health";
        let said: Vec<_> = said.map(|said| said.replace(name, "Jo")).collect();
        crate::reading::is_read_at_eleven(&said);
    }
}
