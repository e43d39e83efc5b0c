### What looks, choices, deliveries and recalls come to, in plain words, without the time: whoever shows them adds it.
###
### `$who`, `$whom`, `$system` and `$agency` are names; `$what` is the parts of a record, as in "goals and health"; `$why` is for what; `$until` and `$by` are moments.
### What begins with a comma or a semicolon is added to a sentence, and is empty where there is nothing to add.

## The words of the domain

category-about-me = about me
category-strengths = strengths
category-what-matters = what matters
category-health = health
category-barriers = barriers
category-goals = goals
category-actions = actions
category-wellbeing = wellbeing
category-contingency = contingency plan
category-consultations = consultations
category-support-network = support network
category-contact = contact details
record = record

purpose-treatment = to treat or support you
purpose-emergency-treatment = to treat you in an emergency
purpose-care-coordination = to coordinate your support
purpose-break-glass = in an emergency
purpose-person-request = because you asked
purpose-family-request = because your family asked
purpose-power-of-attorney = under a power of attorney
purpose-support-network = within your support network
purpose-research = for research
purpose-public-health = for public health
purpose-legal = because a law or court requires it
purpose-threat = because of a threat to somebody's safety

why-treatment = in order { purpose-treatment }
why-emergency-treatment = in order { purpose-emergency-treatment }
why-care-coordination = in order { purpose-care-coordination }
why-break-glass = { purpose-break-glass }
why-person-request = { purpose-person-request }
why-family-request = { purpose-family-request }
why-power-of-attorney = { purpose-power-of-attorney }
why-support-network = { purpose-support-network }
why-research = { purpose-research }
why-public-health = { purpose-public-health }
why-legal = { purpose-legal }
why-threat = { purpose-threat }

action-read = see
action-contribute = add to
action-disclose = pass on
action-subscribe = receive on their computer system

denied-not-current-staff = they do not work there now
denied-no-open-access = no support relationship with you is open
denied-agency-blocked = you have blocked the agency
denied-nothing-permits = nothing that you share covers it
denied-deny-beats-permit = you have denied it
denied-emergency-unreviewed = an earlier emergency access of theirs waits for its review
denied-not-their-record = it is not theirs
denied-former-sign-in = with a sign-in that is not theirs any more
denied-not-there = it is withheld from them, or not there
denied-emergency-unjustified = an earlier emergency access of theirs was found unjustified
denied-worker-blocked = you have blocked them
denied-not-theirs-to-decide = it is not theirs to name a law for it
denied-nothing = nothing permits it

topic-bh = behavioural health
topic-cogn = how you think and remember
topic-dvd = a developmental disability
topic-emotdis = emotional distress
topic-eth = alcohol or drugs
topic-ethud = an alcohol use disorder
topic-gdis = a genetic condition
topic-hiv = HIV or AIDS
topic-ids = an infectious disease
topic-mh = mental health
topic-mst = sexual trauma in the armed forces
topic-opioidud = an opioid use disorder
topic-pregnant = pregnancy
topic-psy = a psychiatric condition
topic-psythpn = notes of psychotherapy
topic-sca = sickle cell
topic-sdv = sexual assault, abuse or domestic violence
topic-sex = sexuality and reproductive health
topic-sickle = sickle cell (older label)
topic-spi = what a law protects specially
topic-std = a sexually transmitted disease
topic-sud = the use of substances
topic-tboo = what your community does not speak of
topic-vio = violence

list-last = { $some } and { $last }
list-more = { $some }, { $next }

## Who

who-you = You
who-system = The system
who-another-person = Somebody who is signed in as another person
who-unknown = Somebody unknown
who-supporter = Somebody who supports you
who-worker = a worker
system-of = { $agency ->
    [none] An agency's computer system
   *[other] { $agency }'s computer system
}

## Looks and attempts

receipt-viewed-nothing = { $who } looked and found nothing that you share{ $more }, { $why }{ $law }
receipt-viewed-session = { $who } opened your own pages and read in them
receipt-viewed-own = { $who } looked at your { $what }
receipt-viewed = { $who } looked at your { $what }{ $authors }{ $more }, { $why }{ $emergency }{ $law }
receipt-brought-in = Those who run the system brought in records{ $source }: your { $what }{ $rest }
receipt-contributed = { $who } added to your { $what }, { $why }{ $emergency }
receipt-denied = { $who } tried to use your { $what } and was refused: { $rules }
receipt-reviewed-justified = { $who } reviewed an emergency access to your record and found it justified: { $reason }
receipt-reviewed-unjustified = { $who } reviewed an emergency access to your record and found it not justified: { $reason }
receipt-emergency = { $who } opened emergency access to your record{ $until }{ $nth }, saying: { $reason }
receipt-emergency-left = An emergency access to your record ended, because whoever had it left their agency
receipt-emergency-ended = { $who } ended an emergency access to your record
receipt-emergency-allowed = { $who } allowed { $whom } to open emergency access to your record again, saying: { $reason }
receipt-lawful-basis = { $who } named a law ({ $statute }) that lets this be so, whatever you share: { $choice }. They said: { $reason }
receipt-lawful-basis-ended = { $who } ended what a law had let their agency see of your record

look-authors = , and at who of other agencies wrote it
look-more = ; they asked for your { $what } too, and were refused
look-emergency = ; only an emergency access made it possible
look-law = ; a law was named that lets them, whatever you share
brought-in-of = { " " }of { $source }
brought-in-file = { " " }(`{ $file }`)
brought-in-left-out = ; left out of what they say: { $count }
brought-in-changed = ; said otherwise there now than when it was brought in before, and left as it is: { $count }
emergency-until = { " " }until { $until }
emergency-nth = { $nth ->
    [2] , the second of this agency
    [3] , the third of this agency
   *[other] , number { $nth } of this agency
}

## Choices

actor-agency = { $permit ->
    [yes] Everybody at { $agency }
   *[no] Nobody at { $agency }
}
actor-role = { $permit ->
    [yes] Anybody whose role is { $role }
   *[no] Nobody whose role is { $role }
}
actor-role-at = { $permit ->
    [yes] Anybody at { $agency } whose role is { $role }
   *[no] Nobody at { $agency } whose role is { $role }
}
actor-everybody = { $permit ->
    [yes] Everybody
   *[no] Nobody
}
actor-one-worker = One worker
actor-one-other = one worker
actor-an-agency = an agency
actor-but = { $actor } but { $except }
provision-permit = { $actor } may { $verb } your { $what }{ $level }{ $topics }{ $purposes }{ $begins }{ $ends }
provision-deny = { $actor } may { $verb } your { $what }{ $level }{ $topics }{ $purposes }{ $begins }{ $ends }
provision-deny-worker = { $actor } may not { $verb } your { $what }{ $level }{ $topics }{ $purposes }{ $begins }{ $ends }
provision-all-actions = see, add to or pass on
permit-level-restricted = , restricted entries too
permit-level-very-restricted = , very restricted entries too
deny-level-restricted = { " " }where it is restricted
deny-level-very-restricted = { " " }where it is very restricted
permit-topics = , also where it is about { $topics }
deny-topics = { " " }where it is about { $topics }
provision-purposes = , { $purposes }
provision-begins = , from { $from }
provision-ends = , until { $until }
preview-nothing = { $who } would see nothing
preview-sees = { $who } would { $sees }
preview-see = { $verb } your { $what }, { $purpose }
preview-receive = receive your { $what }, { $purpose }
preview-counted = { $what } ({ $count })
preview-and = { $some }; and { $next }

## What was delivered, and asked back

entries = { $count ->
    [one] 1 entry of your { $what }
   *[other] { $count } entries of your { $what }
}
delivered-by = { $system } ({ $name })
delivered-told = { $system } was told { $told }, { $why }
delivered-full = { $system } received { $entries }, { $why }
delivered-id-only = { $system } was told which { $entries } are new or changed, { $why }
delivered-empty = { $system } was told that something had happened, { $why }
delivered-told-too = { $received }; it was told { $told }
told-began = that you let it receive something
told-narrowed = that you took back a part of what it may receive
told-ended = that you took back something that you had let it receive
recall-asked = { $system } is to delete { $entries }, which you do not share with it any more
recall-erased = { $asked }; the agency says that it has
recall-retained = { $asked }; the agency says that it keeps it, because: { $basis }
recall-overdue = { $asked }; the agency has not answered, and should have by { $by }
recall-open = { $asked }; the agency is to answer by { $by }
