### What the person reads of each thing that happened to them.
###
### `$who` did it: "You", or a name. `$quote` and `$why` are empty, or what was said, as `quote` and `why` write it. `$what` is the parts of the record, as in "goals and health".
### `$whom`, `$agency` and `$choice` are names and choices in words; `$when` is a moment. Short words, short sentences: a child of ten reads them.

quote = : “{ $words }”
why = , and said why: “{ $words }”
on-their-word = { $sentence } { $by } wrote this down for you: “{ $account }”.
on-their-word-by-code = { $sentence } { $by } wrote this down for you: “{ $account }”. You read out the code that was sent to you.
on-their-word-taken-back = { $sentence } { $by } had written it down for you.
taken-back-on-their-word = { $sentence } { $by } wrote down for you that you took it back: “{ $account }”.

## The record

person-registered = { $who } made a place here in your name.
about-me-section-written = { $who } wrote about you{ $quote }.
strength-recorded = { $who } added to your strengths{ $quote }.
what-matters-recorded = { $who } wrote what matters to you{ $quote }.
condition-described = { $who } wrote about your health{ $quote }.
goal-set = { $who } set a goal{ $quote }.
goal-proposed = { $who } put a goal to you{ $quote }. It is up to you.
goal-adopted = { $who } took up a goal{ $quote }.
goal-declined = { $who } did not take up a goal{ $why }.
goal-rated = { $who } said how much a goal means to you: { $count } out of 10.
goal-achieved = { $who } reached a goal.
goal-set-aside = { $who } put a goal aside{ $why }.
goal-reopened = { $who } took a goal up again{ $why }.
action-agreed = { $who } wrote down a step to take{ $quote }.
action-rated = { $who } said how sure you are of a step: { $count } out of 10.
action-progressed = { $who } said how a step goes{ $quote }.
action-completed = { $who } said that a step is done.
action-dropped = { $who } dropped a step{ $why }.
action-reopened = { $who } took a step up again{ $why }.
contingency-plan-written = { $who } wrote what to do when things go wrong{ $quote }.
barrier-identified = { $who } named what is in your way{ $quote }.
barrier-owned = { $who } said that { $agency } will see to what is in your way{ $quote }.
barrier-lifted = { $who } got something out of your way{ $quote }.
wellbeing-checked-in = { $who } said how you are, { $count } out of 10{ $quote }.
contact-preferences-set = { $who } said how to talk with you{ $quote }.
chose-not-to-say = { $who } chose to say nothing under “{ $what }”.
plan-activated = { $who } said that the plan starts now.
entry-corrected = { $who } put right what stands under “{ $what }”{ $quote }.
reply-attached = { $detail ->
    [taken-back] { $who } gave your side of what stands under “{ $what }”, and took it back.
   *[said] { $who } gave your side of what stands under “{ $what }”{ $quote }.
}
reply-answered = { $who } wrote back on what stands under “{ $what }”{ $quote }.

## Who may see what

sharing-started = From now on you choose who sees what.
provision-granted = { $who } chose this. { $choice }.
provision-denied = { $who } chose this. { $choice }.
provision-narrowed = { $who } chose to share less. Of “{ $choice }”, this is left: { $what }.
provision-withdrawn = { $who } took this back: “{ $choice }”.
agency-blocked = { $who } shut out { $agency }.
agency-unblocked = { $who } let { $agency } in again.
worker-blocked = { $who } shut out { $whom }.
worker-unblocked = { $who } let { $whom } in again.
access-requested = { $who } asked you to choose this: “{ $choice }”. They gave a reason{ $quote }.
access-request-granted = { $who } said yes to what was asked of you, by what you had chosen before: “{ $choice }”.
access-request-refused = { $who } said no to what was asked of you.

## Questions to many

survey-answered = { $who } answered what { $agency } asks all whom they support.
survey-answer-taken-back = { $who } took back what you said when { $agency } asked all whom they support.

## Looks

record-viewed = { $detail ->
    [nothing] { $who } looked, and found nothing that you share, { $purpose }.
    [nothing-by-law] { $who } looked, and found nothing, { $purpose }. A law let them look, whatever you share.
    [emergency] { $who } looked at your { $what }, { $purpose }. Only the emergency let them.
    [law] { $who } looked at your { $what }, { $purpose }. A law let them, whatever you share.
   *[something] { $who } looked at your { $what }, { $purpose }.
}
record-contributed = Those who run this place brought in what others wrote down on your { $what }. It came from { $words }.
access-denied = { $who } tried to see or change your { $what }. They were not let in.
emergency-access-opened = { $who } opened your record in an emergency, until { $when }. They gave a reason{ $quote }.
emergency-access-closed = { $who } ended an emergency look at your record.
lawful-basis-invoked = { $who } says that a law lets this be so, whatever you share: “{ $choice }”. The law is “{ $detail }”. They gave a reason{ $quote }.
lawful-basis-ended = { $who } ended what a law had let their agency see.
emergency-reviewed = { $detail ->
    [yes] { $who } checked an emergency look, and found that it was right{ $quote }.
   *[no] { $who } checked an emergency look, and found that it was wrong{ $quote }.
}
emergency-allowed-again = { $who } let { $whom } use an emergency look again{ $quote }.
event-delivered = { $count ->
    [0] The computer of { $agency } was told that something had happened that day.
    [one] The computer of { $agency } was told of 1 thing in your { $what } that day, { $purpose }.
   *[other] The computer of { $agency } was told of { $count } things in your { $what } that day, { $purpose }.
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
explanation-accepted = { $who } said that this answer is enough.
query-escalated = { $who } asked for somebody else to check a look{ $quote }. They have until { $when }.
query-resolved = { $detail ->
    [yes] { $who } checked a look, and found that it was right{ $quote }.
   *[no] { $who } checked a look, and found that it was wrong{ $quote }.
}

## Who supports you

support-proposed = { $who } offered to support you{ $quote }.
support-accepted = { $detail ->
    [confirmed] { $who } said, too, that you want the support of { $whom }{ $quote }.
   *[own] { $who } took up the support of { $whom }.
}
acceptance-entered = { $who } said yes to { $whom }. Somebody else must say so too.
support-declined = { $who } said no to { $whom }{ $why }.
support-ended = { $detail ->
    [yes] { $who } does not support you any more{ $why }.
   *[no] { $who } ended the support of { $whom }{ $why }.
}
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
person-view-recorded = { $detail ->
    [taken-back] { $who } said what you think, and took it back.
   *[said] { $who } said what you think{ $quote }.
}
decision-proposed = { $who } put a choice to you{ $quote }.
decision-agreed = { $who } said yes to a choice.
decision-objected = { $who } said no to a choice{ $why }.
decision-made-without-person = { $who } made a choice without you ({ $detail }){ $why }.
consultation-closed = { $who } closed a talk.
consultation-cancelled = { $who } called off a talk{ $why }.
answer-taken-back = { $who } took back your answer{ $why }.
consultation-shared = { $who } chose who may see a talk.
participation-declined = { $who } said that you did not want to take part{ $quote }.
decision-withdrawn = { $who } took a choice off the table{ $why }.
outcome-reported = { $detail ->
    [done] { $who } said that what was chosen was done{ $quote }.
    [partly] { $who } said that a part of what was chosen was done{ $quote }.
   *[not] { $who } said that what was chosen was not done{ $quote }.
}
outcome-disputed = { $who } said no, it is not as you were told{ $quote }.
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
consultation-scheduled = { $who } said when you will meet, { $when }{ $quote }.

## Your place here

person-invited = { $who } asked you to come in{ $quote }.
identity-linked = { $who } can sign in here in one more way.
identity-unlinked = { $who } shut one way to sign in here{ $why }.
return-invited = { $who } asked that you can sign in anew{ $quote }.
return-confirmed = { $who } said the same: you can sign in anew{ $quote }.
code-given = { $who } made a code to be found by{ $quote }. It works until { $when }.
code-used = { $who } used a code.
code-revoked = { $who } took back a code.
address-given = { $who } said where to write to you.
address-confirmed = { $who } showed that it is you who reads there.
notices-chosen = { $who } chose what to be told of.
notices-stopped = { $who } chose to be told of nothing.
word-code-asked = { $whom } asked for a code that only you were sent, to write down what you said.
notice-sent = You were told that something had happened.
notice-failed = You could not be told that something had happened.
