//! A row for each RPC: where a person is told, of what, and when.

use domain::ids::PersonId;
use domain::issuers::{Only, Register};
use domain::notices::{
    Address, AskForWordCode, Channel, ChooseNotices, ConfirmAddress, GiveAddress, NoticeKind, Notices, StopNotices,
    When, WordCodeFor,
};
use domain::person::Person;
use domain::relationship::events::{CodeUnsent, RelationshipEvent};
use domain::relationship::{Parties, Relationship, relationship_id};
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::vocabulary::Subject;
use domain::{Command as _, Refusal};
use engine::{Changes, Freshness, Loaded};
use gate::code::{OF_ADDRESS, is_said, sent};
use gate::{Asked, Call};
use proto::notices::v1 as pb;
use proto::notices::v1::notice_service_server::NoticeService;
use rpc::{Error, words};

use crate::NoticeServices;
use crate::mail::Mail;

gate::service! { NoticeService for NoticeServices {
    get_my_notices(GetMyNoticesRequest) -> GetMyNoticesResponse: mine,
    give_notice_address(GiveNoticeAddressRequest) -> GiveNoticeAddressResponse: give,
    confirm_notice_address(ConfirmNoticeAddressRequest) -> ConfirmNoticeAddressResponse: confirm,
    choose_notices(ChooseNoticesRequest) -> ChooseNoticesResponse: choose,
    ask_for_code(AskForCodeRequest) -> AskForCodeResponse: ask_for_code,
    stop_notices(StopNoticesRequest) -> StopNoticesResponse: stop,
} }

impl NoticeServices {
    async fn mine(&self, call: &Call, _: pb::GetMyNoticesRequest) -> Result<pb::GetMyNoticesResponse, Error> {
        let engine = self.gate.engine();
        let notices = engine.load::<Notices>(call.person()?, Freshness::Latest).await?;
        let now = engine.now();
        let waiting = notices.given().filter(|given| given.expires_at > now);
        let when = |kind| i32::from(notices.when(kind).code());
        Ok(pb::GetMyNoticesResponse {
            address: notices.confirmed().map(|(address, _)| shown(address)),
            waiting: waiting.map(|given| shown(&given.address)),
            waiting_until: waiting.map(|given| words::timestamp(given.expires_at)),
            choices: Some(pb::NoticeChoices {
                emergency: when(NoticeKind::Emergency),
                first_look: when(NoticeKind::FirstLook),
                proposal: when(NoticeKind::Proposal),
            }),
            last_failure: notices.failure().unwrap_or_default().to_owned(),
            channels: self.doors.channels().into_iter().map(|channel| i32::from(channel.code())).collect(),
            position: notices.position.0,
        })
    }

    async fn give(&self, call: &Call, m: pb::GiveNoticeAddressRequest) -> Result<pb::GiveNoticeAddressResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let address = m.address.ok_or_else(|| Error::invalid("address", "must be given"))?;
        let channel = rpc::one_of("address.channel", address.channel, Channel::from_code)?;
        if !self.doors.channels().contains(&channel) {
            let problem = format!("must be another: this system sends no {}", channel.word());
            return Err(Error::invalid("address.channel", problem));
        }
        if channel == Channel::Email && !Mail::is_address(&address.address) {
            return Err(Error::invalid("address.address", "must be one that mail can be sent to"));
        }
        let engine = self.gate.engine();
        let record = engine.load::<Person>(person, Freshness::Latest).await?;
        record.registered().ok_or_else(|| Error::not_found("person"))?;
        let (reference, now, quietly) = (context.new_id(), context.now, m.unsafe_to_tell);
        let address = Address { channel, text: address.address };
        let command = GiveAddress { reference, address, now, quietly };
        let position = engine.execute(&context, person, person, command).await?.position.0;
        let notices = engine.load::<Notices>(person, Freshness::Latest).await?;
        let waiting = notices.given().filter(|given| given.expires_at > now);
        let expires_at = waiting.map(|given| words::timestamp(given.expires_at));
        Ok(pb::GiveNoticeAddressResponse { position, expires_at })
    }

    async fn confirm(
        &self,
        call: &Call,
        m: pb::ConfirmNoticeAddressRequest,
    ) -> Result<pb::ConfirmNoticeAddressResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let engine = self.gate.engine();
        let notices = engine.load::<Notices>(person, Freshness::Latest).await?;
        let is_its = |reference: &_| is_said(&m.code, &sent(call.pseudonyms(), OF_ADDRESS, *reference));
        let reference = notices.given().map(|given| given.reference).filter(is_its);
        let command = ConfirmAddress { reference, now: context.now };
        let position = engine.execute(&context, person, person, command).await?.position.0;
        Ok(pb::ConfirmNoticeAddressResponse { position })
    }

    async fn choose(&self, call: &Call, m: pb::ChooseNoticesRequest) -> Result<pb::ChooseNoticesResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let choices = m.choices.ok_or_else(|| Error::invalid("choices", "must be given"))?;
        let command = ChooseNotices {
            emergency: rpc::one_of("choices.emergency", choices.emergency, When::from_code)?,
            first_look: rpc::one_of("choices.first_look", choices.first_look, When::from_code)?,
            proposal: rpc::one_of("choices.proposal", choices.proposal, When::from_code)?,
        };
        let position = self.gate.engine().execute(&context, person, person, command).await?.position.0;
        Ok(pb::ChooseNoticesResponse { position })
    }

    /// Sends a code to the person that they read out to the worker who calls.
    async fn ask_for_code(&self, call: &Call, m: pb::AskForCodeRequest) -> Result<pb::AskForCodeResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let (worker, now) = (by.worker(), context.now);
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let of = rpc::one_of("code_for", m.code_for, WordCodeFor::from_code)?;
        let (reference, parties) = (context.new_id(), Parties { person, worker });
        type Loads = (Loaded<Notices>, Loaded<Relationship>, Loaded<Sharing>, Loaded<Staff>, Loaded<Register>);
        let decide = |(notices, relationship, sharing, staff, register): &Loads, changes: &mut Changes| {
            let resolved = register.resolve(sharing);
            let (hears, waiting) = (resolved.hears(by), relationship.waiting(parties, now));
            let supports = hears && resolved.relationship_open(worker);
            if !staff.admits(by) || !(supports || waiting.is_some()) {
                return Err(Refusal::undisclosed());
            }
            let ask = AskForWordCode { reference, worker, of, supports, now };
            let asked = match ask.decide(notices) {
                Ok(asked) if supports || (hears && waiting == Some(true)) => asked,
                Err(refusal) if supports => return Err(refusal),
                // Whoever has only proposed to support them learns neither whether they have an address, nor whether they hear of it.
                Ok(_) | Err(_) => vec![],
            };
            let is_here = sharing.registered().is_ok();
            let subject = if is_here { Subject::from(person) } else { Subject::Agency(worker.agency()) };
            // As long in the log as if one were sent: where it ends tells nobody either.
            match asked.is_empty() {
                true => changes.record(relationship, subject, vec![RelationshipEvent::from(CodeUnsent { worker })]),
                false => {
                    changes.record(notices, person, asked);
                    changes.guard(relationship);
                }
            }
            changes.guard(sharing);
            changes.guard(staff);
            changes.guard(register);
            call.in_role(staff, changes);
            Ok(())
        };
        let ids = (person, relationship_id(parties), person, worker.staff(), Only);
        match self.gate.engine().transact(&context, ids, decide).await {
            Ok(done) => Ok(pb::AskForCodeResponse { position: done.position.0 }),
            Err(error) => Err(self.gate.refused(&Asked::in_network(call)?, person, error).await),
        }
    }

    async fn stop(&self, call: &Call, m: pb::StopNoticesRequest) -> Result<pb::StopNoticesResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let command = StopNotices { quietly: m.unsafe_to_tell };
        let position = self.gate.engine().execute(&context, person, person, command).await?.position.0;
        Ok(pb::StopNoticesResponse { position })
    }
}

/// An address as whoever has it knows it again, and nobody else learns it: not even somebody who has taken over their sign-in.
fn shown(address: &Address) -> pb::NoticeAddress {
    let text = match address.channel {
        Channel::Email => {
            let (name, domain) = address.text.split_once('@').unwrap_or_default();
            format!("{}…@{domain}", name.chars().take(1).collect::<String>())
        }
        Channel::Sms => {
            let digits: Vec<char> = address.text.chars().collect();
            format!("…{}", digits.iter().skip(digits.len().saturating_sub(3)).collect::<String>())
        }
        Channel::Letter => String::from("…"),
    };
    pb::NoticeAddress { channel: i32::from(address.channel.code()), address: text }
}
