//! `person` events to and from their stored form.

use domain::person::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    PersonEvent {
        1 => PersonRegistered { name, birth_date, sensitivity },
        2 => AboutMeSectionWritten { entry, author, heading, text, sensitivity },
        3 => StrengthRecorded { entry, author, text, sensitivity, kind, link },
        4 => WhatMattersRecorded { entry, author, text, sensitivity },
        5 => ConditionDescribed { entry, author, text, impact, onset, source, sensitivity, recorded, fingerprint },
        6 => GoalSet { entry, author, text, source, sensitivity, fingerprint },
        7 => GoalRated { entry, importance },
        8 => GoalAchieved { entry, author },
        9 => GoalSetAside { entry, author, reason },
        10 => ActionAgreed { entry, author, text, goal, owner, due, confidence, source, sensitivity, fingerprint, party, link },
        11 => ActionProgressed { entry, author, note },
        12 => ActionCompleted { entry, author },
        13 => ActionDropped { entry, author, reason },
        14 => ContingencyPlanWritten { entry, author, text, sensitivity },
        15 => GoalReopened { entry, author, reason },
        16 => ActionReopened { entry, author, reason },
        17 => ReplyAttached { entry, category, reply, kind, words, agency, answer_by },
        18 => ReplyAnswered { entry, category, reply, author, words },
        19 => ReplyTakenBack { entry, category, reply },
        20 => BarrierIdentified { entry, author, kind, text, sensitivity },
        21 => BarrierOwned { entry, author, agency, words },
        22 => BarrierLifted { entry, author, words },
        23 => GoalProposed { entry, author, text, sensitivity },
        24 => GoalAdopted { entry, text },
        25 => GoalDeclined { entry, reason },
        26 => ActionRated { entry, confidence },
        27 => WellbeingCheckedIn { entry, author, wellbeing, words, sensitivity },
        28 => ContactPreferencesSet { entry, author, needs, language, text, sensitivity },
        29 => ChoseNotToSay { entry, author, category },
        30 => PlanActivated { entry, author, sensitivity },
        31 => EntryCorrected { entry, category, author, text, sensitivity, reason },
        32 => PersonInvited { name, reach, offer, invitation, invited_at } + worker,
        33 => IdentityLinked { identity, issuer, at },
        34 => IdentityUnlinked { identity, reason },
    }
}
