//! What all commands have in common by which somebody takes part in a consultation.

use uuid::Uuid;

use super::events::ConsultationEvent;
use super::*;
use crate::access::{Contribute, Scope};
use crate::ids::ConsultationId;
use crate::issuers::Parts;
use crate::sharing::Sharing;
use crate::sharing::events::SharingEvent;
use crate::vocabulary::{Category, Sensitivity};
use crate::{Command as _, Refusal};

/// Taking part in a consultation adds to the heading of the consultations, and is for those who may see it: for everybody else it is as
/// if it were not there. What is added may be more sensitive by itself.
macro_rules! takes_part {
    ($($command:ident $(with $own:ident)? $(knowing $parts:ident)? $(minding $elsewhere:ident)?),+ $(,)?) => {$(
        impl Contribute for $command {
            const HEADINGS: &'static [Category] = &[Category::Consultations];

            fn category(&self, _: &Consultation) -> Result<Category, Refusal> {
                Ok(Category::Consultations)
            }

            fn sensitivity<'a>(&'a self, state: &'a Consultation) -> Result<&'a Sensitivity, Refusal> {
                $(if let Some(own) = &self.$own {
                    return Ok(own);
                })?
                Ok(state.circle.sensitivity())
            }

            $(
                fn knowing(self, $parts: &Parts) -> Self {
                    Self { $parts: $parts.clone(), ..self }
                }
            )?

            $(
                fn minding(self, sharing: &Sharing, scope: &Scope, on: Uuid) -> Self {
                    Self { $elsewhere: sharing.objections_but(ConsultationId(on), scope).collect(), ..self }
                }
            )?

            fn beside(
                &self,
                state: &Consultation,
                sharing: &Sharing,
                on: Uuid,
                events: &[ConsultationEvent],
            ) -> Vec<SharingEvent> {
                events.iter().flat_map(|event| state.objections(sharing, ConsultationId(on), event)).collect()
            }

            fn decide_within(
                self,
                state: &Consultation,
                scope: Option<&Scope>,
            ) -> Result<Vec<ConsultationEvent>, Refusal> {
                let Some(scope) = scope else { return self.decide(state) };
                // Whoever may not take part at all learns nothing of the consultations that there are.
                if !scope.covers(Category::Consultations, &Sensitivity::NORMAL) {
                    return Err(Refusal::undisclosed());
                }
                $(if self.$own.as_ref().is_some_and(|own| !scope.covers(Category::Consultations, own)) {
                    return Err(Refusal::undisclosed());
                })?
                if !state.circle.is_covered(scope) {
                    return self.decide(&Consultation::default());
                }
                self.decide(&state.within(scope))
            }
        }
    )+};
}
takes_part!(
    AddressAgendaItem,
    AgreeDecision,
    AnswerAsAdvocate knowing parts,
    CancelConsultation,
    CloseConsultation,
    DecideWithoutPerson knowing parts minding elsewhere,
    DeclineToTakePart,
    DeferAgendaItem,
    DisputeOutcome,
    InviteParticipant,
    ObjectToDecision,
    OfferOption with sensitivity,
    ProposeDecision,
    RaiseAgendaItem,
    RecordPersonView with sensitivity,
    ReportOutcome,
    RespondToInvitation,
    RevealInformation knowing parts,
    ReviewWithheldInformation knowing parts,
    ScheduleConsultation,
    ShareConsultation,
    ShareInformation,
    TakeBackAnswer knowing parts,
    TakeBackView knowing parts,
    TakeToAdvocate,
    WithdrawDecision knowing parts,
    WithholdInformation,
);
