### What the person reads of each thing that happened to them.
###
### `$who` did it: "You", or a name. `$quote` is empty, or what was said, as `quote` writes it. `$what` is the parts of the record, as in "goals and health".
### `$whom`, `$agency` and `$choice` are names and choices in words; `$when` is a moment. Short words, short sentences: a child of ten reads them.

quote = : “{ $words }”
on-their-word = { $sentence } { $by } wrote this down for you: “{ $account }”.

## The record

person-registered = { $who } made a place for you here.
about-me-section-written = { $who } wrote about you{ $quote }.
strength-recorded = { $who } added to your strengths{ $quote }.
what-matters-recorded = { $who } wrote what matters to you{ $quote }.
condition-described = { $who } wrote about your health{ $quote }.
goal-set = { $who } set a goal{ $quote }.
goal-proposed = { $who } put a goal to you{ $quote }. It is up to you.
goal-adopted = { $who } took up a goal{ $quote }.
goal-declined = { $who } did not take up a goal{ $quote }.
goal-rated = { $who } said how much a goal means to you: { $count } out of 10.
goal-achieved = { $who } reached a goal.
goal-set-aside = { $who } put a goal aside{ $quote }.
goal-reopened = { $who } took a goal up again{ $quote }.
action-agreed = { $who } wrote down a step to take{ $quote }.
action-rated = { $who } said how sure you are of a step: { $count } out of 10.
action-progressed = { $who } said how a step goes{ $quote }.
action-completed = { $who } said that a step is done.
action-dropped = { $who } dropped a step{ $quote }.
action-reopened = { $who } took a step up again{ $quote }.
contingency-plan-written = { $who } wrote what to do when things go wrong{ $quote }.
barrier-identified = { $who } named what is in your way{ $quote }.
barrier-owned = { $who } said that { $agency } will see to what is in your way{ $quote }.
barrier-lifted = { $who } said that this is not in your way now{ $quote }.
wellbeing-checked-in = { $who } said how you are: { $count } out of 10{ $quote }.
contact-preferences-set = { $who } said how to talk with you{ $quote }.
chose-not-to-say = { $who } chose to say nothing of your { $what }.
plan-activated = { $who } said that the plan starts now.
entry-corrected = { $who } put right what your { $what } says{ $quote }.
reply-attached = { $who } gave your side of what your { $what } says{ $quote }.
reply-answered = { $who } wrote back on your { $what }{ $quote }.
reply-taken-back = { $who } took back your side of what your { $what } says.

## Who may see what

sharing-started = From now on you choose who sees what.
provision-granted = { $who } chose this. { $choice }.
provision-denied = { $who } chose this. { $choice }.
provision-narrowed = { $who } chose to share less. Of this, your { $what } is left. { $choice }.
provision-withdrawn = { $who } took this back. { $choice }.
agency-blocked = { $who } shut out { $agency }.
agency-unblocked = { $who } let { $agency } in again.
worker-blocked = { $who } shut out { $whom }.
worker-unblocked = { $who } let { $whom } in again.
access-requested = { $who } asked you for this. { $choice }. They gave a reason{ $quote }.
access-request-refused = { $who } said no to what was asked of you.

## Looks

record-viewed = { $count ->
    [0] { $who } looked, and found nothing that you share.
   *[other] { $who } looked at your { $what }, { $purpose }.
} { $detail ->
    [yes] Only the emergency let them.
   *[no] {""}
}
record-contributed = Those who run this place brought in what others wrote down on your { $what }. It came from { $words }.
access-denied = { $who } tried to see or change your { $what }. They were not let in.
emergency-access-opened = { $who } opened your record in an emergency, until { $when }. They gave a reason{ $quote }.
emergency-access-closed = { $who } gave up the emergency look.
emergency-reviewed = { $detail ->
    [yes] { $who } checked an emergency look, and found that it was right{ $quote }.
   *[no] { $who } checked an emergency look, and found that it was wrong{ $quote }.
}
emergency-allowed-again = { $who } let { $whom } use an emergency look again{ $quote }.
event-delivered = { $count ->
    [one] The computer of { $agency } got 1 thing of your { $what } that day, { $purpose }.
   *[other] The computer of { $agency } got { $count } things of your { $what } that day, { $purpose }.
}
recall-requested = { $count ->
    [one] { $agency } must delete 1 thing of your { $what } by { $when }.
   *[other] { $agency } must delete { $count } things of your { $what } by { $when }.
}
recall-answered = { $detail ->
    [yes] { $agency } says that they deleted what you took back.
   *[no] { $agency } says that they keep what you took back{ $quote }.
}
access-queried = { $who } asked why somebody looked{ $quote }.
access-explained = { $who } told you why they looked{ $quote }.
explanation-accepted = { $who } took that for an answer.
query-escalated = { $who } asked for somebody else to check a look{ $quote }. They have until { $when }.
query-resolved = { $detail ->
    [yes] { $who } checked a look, and found that it was right{ $quote }.
   *[no] { $who } checked a look, and found that it was wrong{ $quote }.
}

## Who supports you

support-proposed = { $who } offered to support you{ $quote }.
support-accepted = { $who } took up the support of { $whom }.
acceptance-entered = { $who } said yes to { $whom }. Somebody else must say so too.
support-declined = { $who } said no to { $whom }{ $quote }.
support-ended = { $who } ended the support of { $whom }{ $quote }.
proposal-withdrawn = { $who } took back an offer to you.
asking-allowed = { $who } let { $whom } ask again.
supporter-left = { $whom } left, and can not support you now.
support-suggested = What was brought in says that { $whom } knows you{ $quote }.
supporter-invited = { $who } asked { $whom } to support you{ $quote }.
suggestion-dismissed = { $who } did not want { $whom }.

## Talks and choices

consultation-requested = { $who } asked for a talk{ $quote }.
agenda-item-raised = { $who } asked to talk about this{ $quote }.
agenda-item-addressed = { $who } talked about a point{ $quote }.
agenda-item-deferred = { $who } left a point for later.
option-offered = { $who } named one way to go{ $quote }.
person-view-recorded = { $who } said what you think{ $quote }.
view-taken-back = { $who } took back what you had said.
decision-proposed = { $who } put a choice to you{ $quote }.
decision-agreed = { $who } said yes to a choice.
decision-objected = { $who } said no to a choice{ $quote }.
decision-made-without-person = { $who } made a choice without you{ $quote }. They gave this ground: { $detail }.
consultation-closed = { $who } closed a talk.
consultation-cancelled = { $who } called off a talk{ $quote }.
answer-taken-back = { $who } took back your answer{ $quote }.
consultation-shared = { $who } let more people see a talk.
participation-declined = { $who } said that you did not want to take part{ $quote }.
decision-withdrawn = { $who } took a choice off the table{ $quote }.
outcome-reported = { $detail ->
    [done] { $who } said that what was chosen was done{ $quote }.
    [partly] { $who } said that a part of what was chosen was done{ $quote }.
   *[not] { $who } said that what was chosen was not done{ $quote }.
}
outcome-disputed = { $who } said that this is not so{ $quote }.
information-shared = { $who } told you this{ $quote }.
information-withheld = { $who } keeps something from you until { $when }. They gave a reason{ $quote }.
information-revealed = { $who } told you what was kept from you{ $quote }.
withholding-reviewed = { $who } still keeps something from you, until { $when }. They gave a reason{ $quote }.
participant-invited = { $who } asked { $whom } to a talk.
participant-responded = { $detail ->
    [yes] { $who } will come to a talk{ $quote }.
   *[no] { $who } will not come to a talk{ $quote }.
}
objection-taken-to-advocate = { $who } asked { $agency } to speak for you{ $quote }. They have until { $when }.
advocate-heard = { $who } spoke for you{ $quote }.
consultation-scheduled = { $who } said when you will meet: { $when }{ $quote }.

## Your place here

person-invited = { $who } asked you to come in{ $quote }.
identity-linked = { $who } can sign in here in one more way.
identity-unlinked = One way to sign in here was shut.
return-invited = { $who } asked that you can sign in anew{ $quote }.
return-confirmed = { $who } said the same: you can sign in anew{ $quote }.
code-given = { $who } made a code to be found by{ $quote }. It works until { $when }.
code-used = { $who } used a code.
code-revoked = { $who } took back a code.
address-given = { $who } said where to write to you.
address-confirmed = { $who } showed that it is you who reads there.
notices-chosen = { $who } chose what to be told of.
notices-stopped = { $who } chose to be told of nothing.
notice-sent = You were told that something had happened.
notice-failed = You could not be told that something had happened{ $quote }.
