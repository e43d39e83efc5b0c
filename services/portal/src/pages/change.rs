//! Changing who can see what, in two steps: what is chosen, and what would be so then. Addresses hold numbers alone; who it is about goes in a form.

use askama::Template;
use axum::Form;
use axum::extract::RawQuery;
use axum::response::Response;
use client::request_id;
use http::StatusCode;
use proto::access::v1::{Action, Purpose};
use proto::relationships::v1::RelationshipState;
use proto::sharing::v1::preview_sharing_request::Choice;
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{
    BlockAgencyRequest, BlockWorkerRequest, DenyProvisionRequest, GetMySharingResponse, GrantProvisionRequest,
    ProvisionActor, ProvisionTerms, UnblockAgencyRequest, UnblockWorkerRequest,
};
use serde::{Deserialize, Serialize};

use super::agencies::is_there;
use super::choice::{Preview, preview};
use super::people::{agencies_of, everybody, workers_of};
use super::record::{HEADINGS, headings, named};
use super::sharing::directive;
use super::{Shown, day, shown, to};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Frame, Offered, Page as _};
use crate::words::Words;

/// What is to be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum May {
    See,
    Write,
    NotSee,
    /// They are shut out.
    Nothing,
    /// They are shut out no more.
    Back,
}

impl May {
    /// What can be chosen, and its name in words and addresses.
    const CHOICES: [(Self, &str); 4] =
        [(Self::See, "see"), (Self::Write, "write"), (Self::NotSee, "not-see"), (Self::Nothing, "nothing")];

    /// Whether it is about something of the record, and not about all of it.
    fn has_headings(self) -> bool {
        matches!(self, Self::See | Self::Write | Self::NotSee)
    }

    fn name(self) -> &'static str {
        Self::CHOICES.iter().find(|(one, _)| *one == self).map_or("back", |(_, name)| name)
    }
}

/// Whom it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
enum Whom {
    Agency(String),
    Worker(String),
    Everybody,
}

/// What somebody wishes: everything that the second step must bring back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    may: May,
    whom: Whom,
    headings: Vec<i32>,
    /// The last day, as `2026-03-03`; empty for as long as it is not changed.
    until: String,
    /// The choices that stood when it was told what would be so then.
    version: u64,
}

impl Wish {
    fn terms(&self, words: &Words) -> Result<ProvisionTerms, Fault> {
        let actor = match &self.whom {
            Whom::Agency(id) => Actor::AgencyId(id.clone()),
            Whom::Worker(id) => Actor::StaffId(id.clone()),
            Whom::Everybody => Actor::Everybody(true),
        };
        let (purposes, actions): (&[Purpose], &[Action]) = match self.may {
            May::See => (&[Purpose::Treatment, Purpose::CareCoordination], &[Action::Read]),
            May::Write => (&[Purpose::Treatment, Purpose::CareCoordination], &[Action::Read, Action::Contribute]),
            // From everybody who it is about, whatever for.
            May::NotSee | May::Nothing | May::Back => (&[], &[]),
        };
        Ok(ProvisionTerms {
            actor: Some(ProvisionActor { actor: Some(actor) }),
            categories: self.headings.clone(),
            purposes: purposes.iter().map(|purpose| i32::from(*purpose)).collect(),
            actions: actions.iter().map(|action| i32::from(*action)).collect(),
            until: day(words, &self.until, true)?,
            ..ProvisionTerms::default()
        })
    }

    fn choice(&self, words: &Words) -> Result<Choice, Fault> {
        Ok(match (self.may, &self.whom) {
            (May::See | May::Write, Whom::Agency(_) | Whom::Worker(_)) => Choice::Grant(self.terms(words)?),
            (May::NotSee, _) => Choice::Deny(self.terms(words)?),
            (May::Nothing, Whom::Agency(id)) => Choice::BlockAgencyId(id.clone()),
            (May::Nothing, Whom::Worker(id)) => Choice::BlockStaffId(id.clone()),
            (May::Back, Whom::Agency(id)) => Choice::UnblockAgencyId(id.clone()),
            (May::Back, Whom::Worker(id)) => Choice::UnblockStaffId(id.clone()),
            (May::See | May::Write | May::Nothing | May::Back, Whom::Everybody) => return Err(Fault::Stale),
        })
    }
}

/// What the first step asks for, as it stands in an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Asked {
    /// Whom of those that the first step lists, from 1.
    who: usize,
    may: Option<May>,
    headings: Vec<i32>,
    until: String,
    /// Whom of those that are shut out, from 1, to let in again.
    back: usize,
    /// Whether anything was chosen at all.
    sent: bool,
}

impl Asked {
    fn of(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            asked.sent = true;
            match &*name {
                "who" => asked.who = value.parse().unwrap_or_default(),
                "back" => asked.back = value.parse().unwrap_or_default(),
                "may" => asked.may = May::CHOICES.iter().find(|(_, known)| *known == value).map(|(may, _)| *may),
                "h" => asked.headings.extend(value.parse::<i32>().ok().filter(|heading| is_heading(*heading))),
                "until" => asked.until = value.into_owned(),
                _ => {}
            }
        }
        asked.headings.dedup();
        asked
    }
}

fn is_heading(number: i32) -> bool {
    HEADINGS.iter().any(|heading| i32::from(*heading) == number)
}

/// Somebody whom a choice can be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    whom: Whom,
    pub(super) name: String,
}

/// The agencies that somebody is of whom the person knows, those whom they know, and everybody. Who supports them now comes first.
async fn known(by: &SignedIn) -> Result<(Vec<Known>, bool), Fault> {
    let words = &by.parts.words;
    let (mut people, incomplete) = everybody(by, 0).await?;
    people.sort_by_key(|one| one.state() != RelationshipState::Active);
    let agencies = agencies_of(&people).into_iter().map(|one| {
        let name = words.with("change-agency", &[("name", &one.name)]);
        Known { whom: Whom::Agency(one.agency_id), name }
    });
    let workers = workers_of(words, &people).into_iter();
    let workers = workers.map(|one| Known { whom: Whom::Worker(one.staff_id), name: one.name });
    let all = Known { whom: Whom::Everybody, name: words.say("change-everybody") };
    Ok((agencies.chain(workers).chain([all]).collect(), incomplete))
}

/// Those who are shut out, in the order in which they are listed.
pub(super) fn shut_out(words: &Words, told: &GetMySharingResponse) -> Vec<Known> {
    let agencies = told.blocked_agencies.iter();
    let agencies = agencies.map(|one| Known { whom: Whom::Agency(one.agency_id.clone()), name: one.name.clone() });
    let workers = told.blocked_workers.iter().map(|one| {
        let name = words.with("blocked-worker", &[("name", &one.name), ("agency", &one.agency_name)]);
        Known { whom: Whom::Worker(one.staff_id.clone()), name }
    });
    agencies.chain(workers).collect()
}

#[derive(Template)]
#[template(path = "change.html")]
struct First {
    frame: Frame,
    /// What is missing still; empty when nothing is, or nothing was chosen yet.
    missing: Vec<String>,
    /// Whether somebody may be missing whom it could be about.
    incomplete: bool,
    whom: Vec<Offered>,
    may: Vec<Offered>,
    headings: Vec<Offered>,
    until: String,
}

#[derive(Template)]
#[template(path = "changed.html")]
struct Second {
    frame: Frame,
    /// What is chosen.
    text: String,
    then: Preview,
    /// Whether an agency's computer system would be told of it.
    is_told: bool,
    wish: String,
}

impl Second {
    fn request(&self) -> String {
        request_id()
    }
}

pub(crate) async fn ask(by: SignedIn, RawQuery(query): RawQuery) -> Shown {
    shown(&by.parts, step(&by, Asked::of(&query.unwrap_or_default()))).await
}

async fn step(by: &SignedIn, asked: Asked) -> Result<Response, Fault> {
    if let Some(nth) = asked.back.checked_sub(1) {
        let all = shut_out(&by.parts.words, &directive(by, 0).await?);
        let one = all.into_iter().nth(nth).ok_or(Fault::Nothing)?;
        let wish = Wish { may: May::Back, whom: one.whom, headings: vec![], until: String::new(), version: 0 };
        return second(by, wish, &one.name).await;
    }
    let (known, incomplete) = known(by).await?;
    let who = asked.who.checked_sub(1).and_then(|nth| known.get(nth));
    let mut missing = missing(&asked, who);
    if let (Some(May::See | May::Write), Some(Known { whom: Whom::Agency(id), .. })) = (asked.may, who)
        && !is_there(by, id).await?
    {
        missing.push("change-not-here");
    }
    match (asked.may, who) {
        (Some(may), Some(who)) if missing.is_empty() => {
            let (headings, until) =
                if may.has_headings() { (asked.headings, asked.until) } else { (vec![], String::new()) };
            second(by, Wish { may, whom: who.whom.clone(), headings, until, version: 0 }, &who.name).await
        }
        _ => Ok(first(by, &asked, (&known, incomplete), missing)),
    }
}

/// What must be chosen still, or in another way, by the names of what says so.
fn missing(asked: &Asked, who: Option<&Known>) -> Vec<&'static str> {
    let is_everybody = who.is_some_and(|who| who.whom == Whom::Everybody);
    let cases = [
        (who.is_none(), "change-no-who"),
        (asked.may.is_none(), "change-no-may"),
        (asked.may.is_some_and(May::has_headings) && asked.headings.is_empty(), "change-no-headings"),
        (is_everybody && asked.may.is_some_and(|may| may != May::NotSee), "change-not-everybody"),
    ];
    cases.into_iter().filter(|(is_so, _)| *is_so && asked.sent).map(|(_, name)| name).collect()
}

fn first(by: &SignedIn, asked: &Asked, (known, incomplete): (&[Known], bool), missing: Vec<&'static str>) -> Response {
    let words = &by.parts.words;
    let may = May::CHOICES.map(|(_, name)| (name, words.say(&format!("change-may-{name}"))));
    let headings = headings(words).into_iter().map(|(number, name)| Offered {
        value: number.to_string(),
        name,
        chosen: asked.headings.contains(&number),
    });
    let page = First {
        frame: Frame::new(&by.parts, Some(&by.session), at::SHARING),
        incomplete,
        whom: Offered::each((1..).zip(known.iter().map(|one| one.name.clone())), &asked.who),
        may: Offered::each(may, &asked.may.map(May::name).unwrap_or_default()),
        headings: headings.collect(),
        until: asked.until.clone(),
        missing: missing.into_iter().map(|name| words.say(name)).collect(),
    };
    page.response(if page.missing.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY })
}

/// What is chosen, as a sentence.
fn says(words: &Words, wish: &Wish, who: &str) -> String {
    let said = words
        .with(&format!("change-says-{}", wish.may.name()), &[("who", who), ("what", &named(words, &wish.headings))]);
    let last = words.beginning_of(&wish.until, false).map(|at| words.day(&at));
    let until = last.map(|day| words.with("change-says-until", &[("day", &day)]));
    [Some(said), until].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

async fn second(by: &SignedIn, mut wish: Wish, who: &str) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let then = preview(by, wish.choice(words)?).await?;
    wish.version = then.version;
    let page = Second {
        frame: Frame::new(&by.parts, Some(&by.session), at::SHARING),
        text: says(words, &wish, who),
        is_told: matches!(wish.may, May::See | May::Write),
        then,
        wish: serde_json::to_string(&wish).map_err(|_cause| Fault::Failed("a wish cannot be written"))?,
    };
    Ok(page.response(StatusCode::OK))
}

/// That they want it so.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
    request: String,
    wish: String,
    /// There when no computer system is to be told.
    #[serde(default)]
    quietly: String,
}

pub(crate) async fn change(by: SignedIn, Form(sent): Form<Sent>) -> Shown {
    shown(&by.parts, changes(&by, sent)).await
}

async fn changes(by: &SignedIn, sent: Sent) -> Result<Response, Fault> {
    by.sent(&sent.form)?;
    let unreadable = |_cause| Fault::Unreadable(StatusCode::UNPROCESSABLE_ENTITY);
    let wish: Wish = serde_json::from_str(&sent.wish).map_err(unreadable)?;
    let (request_id, expected_version, mut service) = (sent.request, wish.version, by.client.sharing());
    let position = match wish.choice(&by.parts.words)? {
        Choice::Grant(terms) => {
            let (terms, without_telling_them) = (Some(terms), !sent.quietly.is_empty());
            let grant = GrantProvisionRequest { request_id, terms, without_telling_them, expected_version };
            service.grant_provision(grant).await?.into_inner().position
        }
        Choice::Deny(terms) => {
            let deny = DenyProvisionRequest { request_id, terms: Some(terms), expected_version };
            service.deny_provision(deny).await?.into_inner().position
        }
        Choice::BlockAgencyId(agency_id) => {
            let block = BlockAgencyRequest { request_id, agency_id, expected_version };
            service.block_agency(block).await?.into_inner().position
        }
        Choice::BlockStaffId(staff_id) => {
            let block = BlockWorkerRequest { request_id, staff_id, expected_version };
            service.block_worker(block).await?.into_inner().position
        }
        Choice::UnblockAgencyId(agency_id) => {
            let unblock = UnblockAgencyRequest { request_id, agency_id, expected_version };
            service.unblock_agency(unblock).await?.into_inner().position
        }
        Choice::UnblockStaffId(staff_id) => {
            let unblock = UnblockWorkerRequest { request_id, staff_id, expected_version };
            service.unblock_worker(unblock).await?.into_inner().position
        }
        Choice::Narrow(_) | Choice::WithdrawProvisionId(_) | Choice::GrantAccessRequestId(_) => {
            return Err(Fault::Stale);
        }
    };
    Ok(to(at::SHARING, position))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_chosen_and_nothing_that_is_not_offered() {
        let asked = Asked::of("who=2&may=see&h=4&h=6&h=99&h=x&until=2026-12-01&other=1");
        let expected = Asked {
            who: 2,
            may: Some(May::See),
            headings: vec![4, 6],
            until: "2026-12-01".to_owned(),
            back: 0,
            sent: true,
        };
        assert_eq!(asked, expected);
        assert_eq!(Asked::of("may=back&who=many").may, None);
        assert_eq!(Asked::of(""), Asked::default());
    }

    #[test]
    fn nothing_is_chosen_for_somebody_and_nobody_lets_everybody_see() {
        let everybody = Known { whom: Whom::Everybody, name: String::new() };
        let of = |query: &str, who| missing(&Asked::of(query), who);
        assert!(of("", None).is_empty());
        assert_eq!(of("until=", None), ["change-no-who", "change-no-may"]);
        assert_eq!(of("may=see", Some(&everybody)), ["change-no-headings", "change-not-everybody"]);
        assert!(of("may=not-see&h=4", Some(&everybody)).is_empty());
        let wish = Wish { may: May::See, whom: Whom::Everybody, headings: vec![4], until: String::new(), version: 1 };
        assert!(wish.choice(&Words::english(jiff::tz::TimeZone::UTC)).is_err());
    }
}
