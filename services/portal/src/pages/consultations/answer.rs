//! What the person says in a talk.

use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use proto::access::v1::Sensitivity;
use proto::consultations::v1::{
    AddressAgendaItemRequest, AgreeDecisionRequest, CancelConsultationRequest, CloseConsultationRequest,
    DeclineToTakePartRequest, DeferAgendaItemRequest, DisputeOutcomeRequest, GetMyConsultationRequest,
    InviteParticipantRequest, ObjectToDecisionRequest, OfferOptionRequest, ProposeDecisionRequest,
    RaiseAgendaItemRequest, RecordPersonViewRequest, RespondToInvitationRequest, ShareConsultationRequest,
    TakeBackAnswerRequest, TakeBackViewRequest, TakeToAdvocateRequest, WithdrawDecisionRequest,
};
use serde::Deserialize;
use tonic::Code;

use super::super::kept::{HTML, attached};
use super::super::{Shown, shown};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;

/// What the person sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
    request: String,
    /// The request of what is done besides, where one button does two things.
    #[serde(default)]
    also: String,
    /// In which layout the page comes back.
    #[serde(default, rename = "as")]
    layout: usize,
    what: What,
    /// What it is about.
    #[serde(default)]
    about: String,
    #[serde(default)]
    words: String,
    /// Of an option, what speaks for it and against it.
    #[serde(default)]
    good: String,
    #[serde(default)]
    bad: String,
    /// Which agency, or which worker, is asked.
    #[serde(default)]
    whom: String,
}

/// What is done, by what kind of thing it is.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
enum What {
    Decides(Decides),
    Objects(Objects),
    TakesPart(TakesPart),
    Ends(Ends),
    Prints(Prints),
}

/// What is said of a decision, or of the whole.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Decides {
    Say,
    Agree,
    Refuse,
    StayOut,
    Propose,
    Withdraw,
}

/// What is taken back, or further.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Objects {
    TakeBack,
    TakeBackView,
    NotSo,
    Advocate,
}

/// What there is to talk about, and who comes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TakesPart {
    Raise,
    TalkedAbout,
    Later,
    Offer,
    Invite,
    Come,
    NotCome,
}

/// Whether it goes on, and with whom.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ends {
    Share,
    Close,
    Cancel,
}

/// That it is wanted on paper.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Prints {
    Print,
}

pub(crate) async fn answer(by: SignedIn, Path(id): Path<String>, Form(sent): Form<Sent>) -> Shown {
    shown(&by.parts, answers(&by, id, sent)).await
}

async fn answers(by: &SignedIn, consultation_id: String, sent: Sent) -> Result<Response, Fault> {
    by.sent(&sent.form)?;
    let (path, layout) = (at::CONSULTATION.replace("{id}", &consultation_id), sent.layout);
    let position = match sent.what {
        What::Decides(what) => {
            let Done { position, is_half } = decides(by, what, consultation_id, sent).await?;
            let half = if is_half { "&half=1" } else { "" };
            return Ok(Redirect::to(&format!("{path}?at={position}&as={layout}{half}")).into_response());
        }
        What::Objects(what) => objects(by, what, consultation_id, sent).await?,
        What::TakesPart(what) => takes_part(by, what, consultation_id, sent).await?,
        What::Ends(what) => ends(by, what, consultation_id, sent).await?,
        What::Prints(Prints::Print) => return print(by, consultation_id).await,
    };
    Ok(Redirect::to(&format!("{path}?at={position}&as={layout}")).into_response())
}

/// Where the log is after what was done, and whether only half of it could be: what they think is kept, and their yes came too late.
struct Done {
    position: u64,
    is_half: bool,
}

/// The position of the log after this call.
macro_rules! done {
    ($service:expr, $call:ident($ask:expr)) => {
        $service.$call($ask).await?.into_inner().position
    };
}

async fn decides(by: &SignedIn, what: Decides, consultation_id: String, sent: Sent) -> Result<Done, Fault> {
    let Sent { request: request_id, also, about: decision_id, words, .. } = sent;
    let (mut service, person_id) = (by.client.consultations(), String::new());
    let say = |request_id, consultation_id, decision_id, view| {
        let said = RecordPersonViewRequest::default();
        RecordPersonViewRequest { request_id, consultation_id, decision_id, view, ..said }
    };
    let position = match what {
        Decides::Say => done!(service, record_person_view(say(request_id, consultation_id, decision_id, words))),
        Decides::Agree => {
            // What they think of it comes first, and stays.
            let said = match words.is_empty() {
                true => None,
                false => {
                    let said = say(request_id, consultation_id.clone(), decision_id.clone(), words);
                    Some(done!(service, record_person_view(said)))
                }
            };
            let agree = AgreeDecisionRequest { request_id: also, consultation_id, decision_id };
            match (service.agree_decision(agree).await, said) {
                (Err(late), Some(position)) if late.code() == Code::FailedPrecondition => {
                    return Ok(Done { position, is_half: true });
                }
                (agreed, _) => agreed?.into_inner().position,
            }
        }
        Decides::Refuse => {
            let (reason, said) = (words, ObjectToDecisionRequest::default());
            let refuse = ObjectToDecisionRequest { request_id, consultation_id, decision_id, reason, ..said };
            done!(service, object_to_decision(refuse))
        }
        Decides::StayOut => {
            let stay_out = DeclineToTakePartRequest { request_id, person_id, consultation_id, decision_id, words };
            done!(service, decline_to_take_part(stay_out))
        }
        Decides::Propose => {
            let (text, said) = (words, ProposeDecisionRequest::default());
            done!(service, propose_decision(ProposeDecisionRequest { request_id, consultation_id, text, ..said }))
        }
        Decides::Withdraw => {
            let reason = words;
            let withdraw = WithdrawDecisionRequest { request_id, person_id, consultation_id, decision_id, reason };
            done!(service, withdraw_decision(withdraw))
        }
    };
    Ok(Done { position, is_half: false })
}

async fn objects(by: &SignedIn, what: Objects, consultation_id: String, sent: Sent) -> Result<u64, Fault> {
    let Sent { request: request_id, about, words, whom: agency_id, .. } = sent;
    let mut service = by.client.consultations();
    Ok(match what {
        Objects::TakeBack => {
            let (decision_id, reason, said) = (about, words, TakeBackAnswerRequest::default());
            let back = TakeBackAnswerRequest { request_id, consultation_id, decision_id, reason, ..said };
            done!(service, take_back_answer(back))
        }
        Objects::TakeBackView => {
            let (view_id, said) = (about, TakeBackViewRequest::default());
            done!(service, take_back_view(TakeBackViewRequest { request_id, consultation_id, view_id, ..said }))
        }
        Objects::NotSo => {
            let dispute = DisputeOutcomeRequest { request_id, consultation_id, decision_id: about, words };
            done!(service, dispute_outcome(dispute))
        }
        Objects::Advocate => {
            let take = TakeToAdvocateRequest { request_id, consultation_id, decision_id: about, agency_id, words };
            done!(service, take_to_advocate(take))
        }
    })
}

async fn takes_part(by: &SignedIn, what: TakesPart, consultation_id: String, sent: Sent) -> Result<u64, Fault> {
    let Sent { request: request_id, about: item_id, words, good: benefits, bad: risks, whom, .. } = sent;
    let (mut service, person_id) = (by.client.consultations(), String::new());
    Ok(match what {
        TakesPart::Raise => {
            let raise = RaiseAgendaItemRequest { request_id, person_id, consultation_id, text: words };
            done!(service, raise_agenda_item(raise))
        }
        TakesPart::TalkedAbout => {
            let note = words;
            let address = AddressAgendaItemRequest { request_id, person_id, consultation_id, item_id, note };
            done!(service, address_agenda_item(address))
        }
        TakesPart::Later => {
            let later = DeferAgendaItemRequest { request_id, person_id, consultation_id, item_id };
            done!(service, defer_agenda_item(later))
        }
        TakesPart::Offer => {
            let (text, sensitivity) = (words, None);
            let offer =
                OfferOptionRequest { request_id, person_id, consultation_id, text, benefits, risks, sensitivity };
            done!(service, offer_option(offer))
        }
        TakesPart::Invite => {
            let staff_id = whom;
            let invite = InviteParticipantRequest { request_id, person_id, consultation_id, staff_id };
            done!(service, invite_participant(invite))
        }
        TakesPart::Come | TakesPart::NotCome => {
            let comes = matches!(what, TakesPart::Come);
            let respond = RespondToInvitationRequest { request_id, person_id, consultation_id, comes, words };
            done!(service, respond_to_invitation(respond))
        }
    })
}

async fn ends(by: &SignedIn, what: Ends, consultation_id: String, sent: Sent) -> Result<u64, Fault> {
    let Sent { request: request_id, words: reason, .. } = sent;
    let (mut service, person_id) = (by.client.consultations(), String::new());
    Ok(match what {
        Ends::Share => {
            // As normal as can be; what it is about stays as protected as it was.
            let ask = GetMyConsultationRequest {
                consultation_id: consultation_id.clone(),
                ..GetMyConsultationRequest::default()
            };
            let held = service.get_my_consultation(ask).await?.into_inner().consultation.ok_or(Fault::Nothing)?;
            let labels = held.sensitivity.unwrap_or_default().labels;
            let sensitivity = Some(Sensitivity { labels, ..Sensitivity::default() });
            done!(service, share_consultation(ShareConsultationRequest { request_id, consultation_id, sensitivity }))
        }
        Ends::Close => {
            done!(service, close_consultation(CloseConsultationRequest { request_id, person_id, consultation_id }))
        }
        Ends::Cancel => {
            let cancel = CancelConsultationRequest { request_id, person_id, consultation_id, reason };
            done!(service, cancel_consultation(cancel))
        }
    })
}

async fn print(by: &SignedIn, consultation_id: String) -> Result<Response, Fault> {
    let ask = GetMyConsultationRequest { consultation_id, as_page: true, at_least_position: 0 };
    let told = by.client.consultations().get_my_consultation(ask).await?.into_inner();
    Ok(attached(HTML, "8.html", told.html.into_bytes()))
}
