### What stands in pages that are printed and posted. Short words, short sentences: a child of ten reads them.

## Codes

letter-code-title = Your code
letter-code-newcomer = With this code you can make a place here that is your own. There you read what is written about you, and you say who may see it.
letter-code-return = With this code you can sign in here again. You need a second code, too. Somebody else has it for you.
letter-code-second = This is the second of two codes. With both you can sign in here again.
letter-code-finding = Give this code to one worker by whom you want to be found. It works once.
letter-code-until = It works until { $when }.
letter-code-keep = Give it to nobody else. Whoever has it can use it.

## Who has looked

letter-looks-title = Who has looked
letter-looks-lead = This is who looked at your record, or tried to. The newest is first.
letter-looks-none = There is nobody to tell of.
letter-looks-sifted = It is a part of it: what was asked for.
letter-looks-part = It does not say who tried and was not let in, nor the reasons that people gave. You can read that when you sign in, or ask those who run this place.
letter-looks-more = There is more. This letter has the newest { $count }.
letter-looks-incomplete = Something may be missing here. Those who run this place have been told.
letter-looks-close = You can ask anybody here why they looked. They must tell you.

## A consultation

letter-consultation-inform = You are told of this. There is nothing that you have to choose.
letter-consultation-consult = You are asked what you think. Nothing is settled before you have said it, or chosen not to.
letter-consultation-involve = You choose this together with others.
letter-consultation-person-led = You lead this. Only you say what is to be done, and when it is over.
letter-consultation-over = It is over.
letter-consultation-cancelled = It will not happen.
letter-consultation-meeting = You meet on { $when }{ $place ->
    [none] .
   *[other] : { $place }.
}
letter-consultation-communication = How to talk with you
letter-consultation-people = Who takes part
letter-consultation-comes = comes
letter-consultation-does-not-come = does not come
letter-consultation-asked = has not said yet
letter-consultation-agenda = What there is to talk about
letter-consultation-raised = not talked about yet
letter-consultation-addressed = talked about
letter-consultation-deferred = left for another time
letter-consultation-information = What you were told
letter-consultation-withheld = Something is kept from you. { $who } decided so, and looks at it again by { $when }. They say why: { $reason }
letter-consultation-options = What there is to choose from
letter-consultation-good = What is good about it
letter-consultation-bad = What could go wrong
letter-consultation-views = What you said
letter-consultation-decisions = What is to be decided, or was
letter-consultation-proposed = { $who } put this to you on { $when }. It waits for you.
letter-consultation-proposed-before = { $who } put this to you on { $when }.
letter-consultation-proposed-own = You put this forward on { $when }.
letter-consultation-agreed = You agreed on { $when }.
letter-consultation-objected = You said no: { $words }
letter-consultation-without = { $who } decided this without you on { $when }. They say why: { $reason }
letter-consultation-withdrawn = It was taken back.
letter-consultation-follow-up = You will be told by { $when } what came of it.
letter-consultation-overdue = You should have been told what came of it by { $when }.
letter-consultation-outcome = What came of it: { $words }
letter-consultation-part = This is what whoever printed it can see. There may be more that only you see.
letter-consultation-close = You can say what you think of it, and you can say no. Tell somebody whom you trust. They write it down as you say it.
