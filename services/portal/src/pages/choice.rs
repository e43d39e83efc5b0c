//! One choice: stopped, kept in part, or undone; and a request, to which the person says yes or no. What would be so then comes first.

use askama::Template;
use axum::Form;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use client::request_id;
use http::StatusCode;
use proto::sharing::v1::preview_sharing_request::Choice;
use proto::sharing::v1::{
    GetAccessRequestRequest, GrantAccessRequest, NarrowProvisionRequest, Narrowing, PreviewSharingRequest, Provision,
    RefuseAccessRequest, WithdrawProvisionRequest,
};
use serde::Deserialize;

use super::record::{headings, named};
use super::sharing::{asked_for, directive, row, sentence};
use super::{Shown, shown, to};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Frame, Offered, Page as _};
use crate::words::Words;

/// What would be so.
pub(super) struct Preview {
    /// For each whom it changes something for.
    pub(super) changes: Vec<String>,
    /// What is to be said of those who are not among them; empty when that is nothing.
    pub(super) note: String,
    /// The choices that stood then: what is agreed to is agreed to of these.
    pub(super) version: u64,
}

/// What would be so, for each whom it changes something for.
pub(super) async fn preview(by: &SignedIn, choice: Choice) -> Result<Preview, Fault> {
    let ask = PreviewSharingRequest { choice: Some(choice), ..PreviewSharingRequest::default() };
    let told = by.client.sharing().preview_sharing(ask).await?.into_inner();
    let changed = told.parties.into_iter().filter(|party| party.changes);
    let changes: Vec<_> = changed.map(|party| sentence(&party.summary)).collect();
    let note = match (told.left_out, changes.is_empty()) {
        (0, true) => by.parts.words.say("choice-no-change"),
        (0, false) => String::new(),
        (left_out, _) => by.parts.words.count("choice-left-out", usize::try_from(left_out).unwrap_or(usize::MAX)),
    };
    Ok(Preview { changes, note, version: told.directive_version })
}

#[derive(Template)]
#[template(path = "choice.html")]
struct OneChoice {
    frame: Frame,
    heading: String,
    text: String,
    then: Preview,
    /// What the person can say: what each button does, and says.
    buttons: Vec<(&'static str, String)>,
    /// That nothing, or all, was chosen to stay; empty when neither was.
    missing: String,
    /// Whether an agency's computer system would be told of it.
    is_told: bool,
    /// What of a permit can stay, where it is of several headings.
    parts: Vec<Offered>,
    /// The headings that stay, where some are chosen.
    kept: String,
}

impl OneChoice {
    fn request(&self) -> String {
        request_id()
    }
}

pub(crate) async fn one(by: SignedIn, Path(id): Path<String>, RawQuery(query): RawQuery) -> Shown {
    shown(&by.parts, choice(&by, id, &query.unwrap_or_default())).await
}

async fn choice(by: &SignedIn, provision_id: String, query: &str) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let all = directive(by, 0).await?.provisions;
    let held = all.into_iter().find(|one| one.provision_id == provision_id).ok_or(Fault::Nothing)?;
    let kept = kept(&held, query);
    // What the page is called and the button says, what the button does, and what would be so then.
    let (name, does, choice) = match (held.permit, kept.is_empty()) {
        (true, false) => ("narrow", "narrow", Choice::Narrow(narrowing(&held, kept.clone()))),
        (true, true) => ("withdraw", "withdraw", Choice::WithdrawProvisionId(provision_id)),
        (false, _) => ("allow-again", "withdraw", Choice::WithdrawProvisionId(provision_id)),
    };
    let is_missing = held.permit && kept.is_empty() && query.contains("part=");
    let page = OneChoice {
        frame: Frame::new(&by.parts, Some(&by.session), at::SHARING),
        missing: if is_missing { words.say("choice-part-missing") } else { String::new() },
        heading: words.say(&format!("choice-{name}")),
        then: preview(by, choice).await?,
        text: if kept.is_empty() { row(words, &held).text } else { stays(words, &held, &kept) },
        buttons: if is_missing { vec![] } else { vec![(does, words.say(name))] },
        is_told: held.permit && !held.without_telling_them,
        parts: if kept.is_empty() { parts(words, &held) } else { vec![] },
        kept: kept.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    };
    Ok(page.response(StatusCode::OK))
}

/// The headings of a choice.
fn categories(held: &Provision) -> Vec<i32> {
    held.terms.clone().unwrap_or_default().categories
}

/// Which of them are to stay, as they stand in an address; none where all would, or none is chosen.
fn kept(held: &Provision, query: &str) -> Vec<i32> {
    let chosen = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "h");
    let chosen: Vec<i32> = chosen.filter_map(|(_, value)| value.parse().ok()).collect();
    let all = categories(held);
    let kept: Vec<_> = all.iter().copied().filter(|heading| chosen.contains(heading)).collect();
    if kept.len() == all.len() { vec![] } else { kept }
}

/// The headings of a permit, from which those are chosen that stay; nothing where there is one alone.
fn parts(words: &Words, held: &Provision) -> Vec<Offered> {
    let all = categories(held);
    if !held.permit || all.len() < 2 {
        return vec![];
    }
    Offered::each(headings(words).into_iter().filter(|(number, _)| all.contains(number)), &0)
}

/// What stays, as a sentence.
fn stays(words: &Words, held: &Provision, kept: &[i32]) -> String {
    format!("{} {}", row(words, held).text, words.with("choice-stays", &[("what", &named(words, kept))]))
}

/// What stays of a permit, as sensitive as it was.
fn narrowing(held: &Provision, categories: Vec<i32>) -> Narrowing {
    let up_to = held.terms.as_ref().map(|terms| terms.level).unwrap_or_default();
    Narrowing { provision_id: held.provision_id.clone(), categories, up_to }
}

/// What the person says.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
    request: String,
    version: u64,
    what: What,
    /// The headings that stay, with commas.
    #[serde(default)]
    kept: String,
    /// There when no computer system is to be told.
    #[serde(default)]
    quietly: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    Withdraw,
    Narrow,
    Grant,
    Refuse,
    RefuseForGood,
}

pub(crate) async fn change(by: SignedIn, Path(id): Path<String>, Form(sent): Form<Sent>) -> Shown {
    shown(&by.parts, changes(&by, id, sent)).await
}

async fn changes(by: &SignedIn, provision_id: String, sent: Sent) -> Result<Response, Fault> {
    by.sent(&sent.form)?;
    let (request_id, expected_version, mut service) = (sent.request, sent.version, by.client.sharing());
    let without_telling_them = !sent.quietly.is_empty();
    let position = match sent.what {
        What::Withdraw => {
            let withdraw =
                WithdrawProvisionRequest { request_id, provision_id, without_telling_them, expected_version };
            service.withdraw_provision(withdraw).await?.into_inner().position
        }
        What::Narrow => {
            let all = directive(by, 0).await?.provisions;
            let held = all.into_iter().find(|one| one.provision_id == provision_id).ok_or(Fault::Nothing)?;
            let kept = sent.kept.split(',').filter_map(|heading| heading.parse().ok()).collect();
            let Narrowing { provision_id, categories, up_to } = narrowing(&held, kept);
            let narrow = NarrowProvisionRequest {
                request_id,
                provision_id,
                categories,
                up_to,
                without_telling_them,
                expected_version,
            };
            service.narrow_provision(narrow).await?.into_inner().position
        }
        What::Grant | What::Refuse | What::RefuseForGood => {
            return Err(Fault::Unreadable(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    Ok(to(at::SHARING, position))
}

pub(crate) async fn request(by: SignedIn, Path(id): Path<String>) -> Shown {
    shown(&by.parts, asked(&by, id)).await
}

async fn asked(by: &SignedIn, access_request_id: String) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let ask = GetAccessRequestRequest { access_request_id: access_request_id.clone(), at_least_position: 0 };
    let found = by.client.sharing().get_access_request(ask).await?.into_inner();
    let one = found.access_request.filter(|_| found.waiting).ok_or(Fault::Nothing)?;
    let said = asked_for(words, &one);
    let buttons = [("grant", "grant"), ("refuse", "refuse"), ("refuse-for-good", "refuse-for-good")];
    let page = OneChoice {
        frame: Frame::new(&by.parts, Some(&by.session), at::SHARING),
        missing: String::new(),
        heading: words.say("choice-asked"),
        text: format!("{} {}", said.text, words.with("asks-because", &[("reason", &said.entered)])),
        then: preview(by, Choice::GrantAccessRequestId(access_request_id)).await?,
        buttons: buttons.map(|(what, name)| (what, words.say(name))).into(),
        is_told: true,
        parts: vec![],
        kept: String::new(),
    };
    Ok(page.response(StatusCode::OK))
}

pub(crate) async fn answer(by: SignedIn, Path(id): Path<String>, Form(sent): Form<Sent>) -> Shown {
    shown(&by.parts, answers(&by, id, sent)).await
}

async fn answers(by: &SignedIn, access_request_id: String, sent: Sent) -> Result<Response, Fault> {
    by.sent(&sent.form)?;
    let (request_id, mut service) = (sent.request, by.client.sharing());
    let position = match sent.what {
        What::Grant => {
            let grant = GrantAccessRequest {
                request_id,
                access_request_id,
                expected_version: sent.version,
                without_telling_them: !sent.quietly.is_empty(),
                ..GrantAccessRequest::default()
            };
            service.grant_access(grant).await?.into_inner().position
        }
        What::Refuse | What::RefuseForGood => {
            let not_again = matches!(sent.what, What::RefuseForGood);
            let refuse =
                RefuseAccessRequest { request_id, access_request_id, not_again, ..RefuseAccessRequest::default() };
            service.refuse_access(refuse).await?.into_inner().position
        }
        What::Withdraw | What::Narrow => return Err(Fault::Unreadable(StatusCode::UNPROCESSABLE_ENTITY)),
    };
    Ok(to(at::SHARING, position))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proto::access::v1::SensitivityLevel;
    use proto::sharing::v1::ProvisionTerms;

    use super::*;

    #[test]
    fn what_stays_of_a_permit_is_a_part_of_it_and_as_sensitive_as_it_was() {
        let level = SensitivityLevel::Restricted.into();
        let terms = ProvisionTerms { categories: vec![4, 6, 7], level, ..ProvisionTerms::default() };
        let held = Provision { permit: true, terms: Some(terms), ..Provision::default() };
        assert_eq!(kept(&held, "h=6&h=99&h=many&other=4"), [6]);
        // All of it, or nothing, is no part.
        assert!(kept(&held, "h=4&h=6&h=7").is_empty() && kept(&held, "").is_empty());
        assert_eq!(narrowing(&held, vec![6]).up_to, level);
        let words = Words::english(TimeZone::UTC);
        assert_eq!(parts(&words, &held).len(), 3);
        assert!(parts(&words, &Provision { permit: false, ..held }).is_empty());
    }
}
