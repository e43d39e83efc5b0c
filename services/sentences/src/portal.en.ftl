### What stands on the person's web pages. Short words, short sentences: a child of ten reads them.

## Around every page
portal-language = en
portal-skip = Skip to the page
portal-leave = Leave this page quickly
portal-places = Places
portal-place-home = Start
portal-place-looked = Who has looked
portal-place-sharing = Who can see what
portal-place-record = What is written
portal-place-people = My people
portal-place-timeline = What happened
portal-idle = You are signed out after 15 minutes without a click.
portal-idle-soon = You will be signed out in two minutes.
portal-stay = Stay signed in
portal-sign-out = Sign out
portal-sign-out-everywhere = Sign out everywhere
portal-statement-link = Can everybody use these pages?
portal-sample = These are sample people. Do not write anything real here.
portal-incomplete = Something may be missing here. Those who run this place have been told.
portal-older = Show what was before
portal-filter = Show
portal-somebody = Somebody
portal-you = You
portal-entered = { $who } wrote this down for you: “{ $account }”.

## Days and times
portal-today = Today
portal-yesterday = Yesterday
portal-day = { $weekday } { $day } { $month }
portal-day-of-year = { $weekday } { $day } { $month } { $year }
portal-moment = { $day } at { $time }
portal-monday = Monday
portal-tuesday = Tuesday
portal-wednesday = Wednesday
portal-thursday = Thursday
portal-friday = Friday
portal-saturday = Saturday
portal-sunday = Sunday
portal-january = January
portal-february = February
portal-march = March
portal-april = April
portal-may = May
portal-june = June
portal-july = July
portal-august = August
portal-september = September
portal-october = October
portal-november = November
portal-december = December

## Start
portal-home-title = Your pages
portal-home-waiting = Waiting for you
portal-waiting-proposals = { $count ->
    [one] { $count } person offers to support you
   *[other] { $count } people offer to support you
}
portal-waiting-requests = { $count ->
    [one] { $count } person asks to see more
   *[other] { $count } people ask to see more
}
portal-home-last = You were here last: { $when }.
portal-home-looked = See who has looked
portal-home-new = What happened since you were here
portal-home-new-nothing = Nothing has happened since you were here.
portal-home-first = What has happened
portal-home-first-nothing = Nothing has happened yet.
portal-home-more = See all that happened

## Who has looked
portal-looked-title = Who has looked
portal-looked-lead = Each time somebody looks at what is written about you, it stands here. So does each try that was turned down, and each time somebody signs in as you. If that was not you, sign out everywhere, and tell somebody you trust.
portal-looked-filter = Show only some of it
portal-looked-agency = Who they work for
portal-looked-all-agencies = Everybody
portal-looked-heading = What they saw
portal-looked-all-headings = All of it
portal-looked-kind = What it was
portal-looked-kind-all = Everything
portal-looked-kind-emergency = Emergencies
portal-looked-kind-refused = Tries that were turned down
portal-looked-from = From this day on
portal-looked-to = Up to this day
portal-looked-nothing = Nobody has looked.
portal-kept-title = Keep it
portal-kept-lead = It is put on the phone or computer that you use now. Others who use it may find it there.
portal-kept-page = Keep a page to print
portal-kept-table = Keep a table
portal-kept-when = When
portal-kept-what = What
portal-kept-why = Why, in their words
portal-kept-stands-out = Stands out
portal-tag-refused = Turned down
portal-tag-emergency = Emergency
portal-tag-law = By law
portal-receipt-back = All who have looked
portal-receipt-title = One look
portal-receipt-reason = Why they did it, in their words
portal-receipt-asked = You asked
portal-receipt-accept = I am content with that
portal-receipt-further-why = Why is that not enough?
portal-receipt-further = Take it to the privacy officer
portal-receipt-ask = Ask why
portal-receipt-ask-lead = They must tell you why within ten days.
portal-receipt-question = Your question
portal-receipt-ask-button = Ask
portal-receipt-stop = Stop it
portal-receipt-stop-lead = These choices of yours are about them, or about people like them. You can stop each of them.
portal-receipt-stop-nothing = None of your choices now is about them.
portal-receipt-stop-link = See who can see what, and change it
portal-said-by = { $who }, { $when }
portal-question-1 = They have until { $day } to answer.
portal-question-1-overdue = They should have answered by { $day }.
portal-question-2 = They have answered.
portal-question-3 = You are content with the answer.
portal-question-4 = The privacy officer has until { $day } to answer.
portal-question-4-overdue = The privacy officer should have answered by { $day }.
portal-question-5 = The privacy officer has answered.
portal-question-6 = Somebody who is not of them looks at it, until { $day }.
portal-question-6-overdue = Somebody who is not of them should have answered by { $day }.
portal-question-7 = Somebody who is not of them has answered.

## Who can see what
portal-sharing-title = Who can see what
portal-sharing-requests = They ask to see more
portal-sharing-answer = Say yes or no
portal-sharing-change = Change who can see what
portal-sharing-permits = What you let others see
portal-sharing-permits-none = You let nobody see anything.
portal-sharing-stop = Stop this
portal-sharing-denies = What you keep from others
portal-sharing-undo = Change this
portal-sharing-blocked = Whom you have shut out
portal-sharing-open = Who can look now
portal-sharing-open-lead = They see what you let them see, and nothing else.
portal-sharing-cannot = What your choices can not stop
portal-sharing-cannot-emergency = In an emergency somebody can look though you do not let them. They must say why. You are told at once, and it is checked.
portal-sharing-cannot-law = A law can let somebody look. Then you are told which law, and who said so.
portal-blocked-worker = { $name }, { $agency }
portal-open-relationship = { $who }, { $agency }, as they support you
portal-open-emergency = { $who }, { $agency }, in an emergency, until { $until }
portal-law = { $who } can look. { $decider } said so, by this law: { $statute }. Why: { $reason }
portal-asks = { $who }, { $agency }, asks for this: { $what }.
portal-asks-because = Why: { $reason }
portal-choice-back = All that you share
portal-choice-withdraw = Stop this?
portal-choice-allow-again = Let them see it again?
portal-choice-asked = Say yes or no
portal-choice-then = What would be so then
portal-choice-left-out = { $count ->
    [one] One more person supports you. For them it is not said here.
   *[other] { $count } more people support you. For them it is not said here.
}
portal-choice-no-change = Nothing changes for anybody who supports you now.
portal-withdraw = Yes, stop this
portal-allow-again = Yes, let them see it
portal-grant = Yes, let them see it
portal-refuse = No, not now
portal-refuse-for-good = No, and do not ask again

## Changing who can see what
portal-change-title = Change who can see what
portal-change-lead = First choose. Then you read what would be so, before anything changes.
portal-change-missing = Something is missing still
portal-change-no-who = Choose who it is about.
portal-change-no-may = Choose what they may do.
portal-change-no-headings = Choose at least one part of what is written.
portal-change-not-everybody = For everybody you can only choose that they may not see something. Choose one agency, or one person.
portal-change-who = Who is it about?
portal-change-agency = Everybody at { $name }
portal-change-everybody = Everybody
portal-change-may = What may they do?
portal-change-may-see = They may see it
portal-change-may-write = They may see it, and add to it
portal-change-may-not-see = They may not see it
portal-change-may-nothing = Shut them out of everything
portal-change-headings = What of it? (Not needed to shut somebody out.)
portal-change-until = Up to which day? Leave it empty if it is to last until you change it.
portal-change-on = Go on
portal-change-says-see = { $who } may see this: { $what }.
portal-change-says-write = { $who } may see this, and add to it: { $what }.
portal-change-says-not-see = { $who } may not see this: { $what }.
portal-change-says-nothing = { $who }: shut out of everything.
portal-change-says-back = { $who }: not shut out any more. They see what your other choices let them see.
portal-change-says-until = That ends after { $day }.
portal-changed-title = Is this what you want?
portal-changed-yes = Yes, do this
portal-changed-no = No, change nothing

## What is written about them
portal-record-title = What is written
portal-record-nothing = Nothing is written yet.
portal-record-add = Add something
portal-record-kind = What is it?
portal-record-strength = Say it in your words
portal-record-strength-add = Add it
portal-record-matters = What matters to you?
portal-record-matters-add = Add what matters
portal-strength-1 = What is strong in me
portal-strength-2 = Whom or what I can turn to
portal-strength-3 = What I can do
portal-strength-4 = What I have lived through
portal-strength-5 = What I do to stay well
portal-heading-1 = About me
portal-heading-2 = My strengths
portal-heading-3 = What matters to me
portal-heading-4 = My health
portal-heading-5 = What stands in the way
portal-heading-6 = My goals
portal-heading-7 = Steps
portal-heading-8 = How I am
portal-heading-9 = If things go wrong
portal-heading-12 = My name
portal-written-by = { $who }: { $day }
portal-replies = { $count ->
    [one] You have said something about this.
   *[other] You have said { $count } things about this.
}
portal-due = By { $day }
portal-wellbeing = { $number } out of 10
portal-not-said = You chose not to say.
portal-plan-holds = Your plan holds.
portal-need-1 = British Sign Language
portal-need-2 = Somebody who interprets
portal-need-3 = Easy Read
portal-need-4 = Large print
portal-need-5 = Braille
portal-need-6 = Recorded speech
portal-need-7 = Ring me, do not write
portal-need-8 = Write to me, do not ring
portal-need-9 = Somebody beside me who speaks up for me
portal-need-10 = More time
portal-progress-2 = Done.
portal-progress-3 = It goes on no more.
portal-progress-4 = Somebody thinks this could be a goal of yours.
portal-became-0 = It is not known how it stands.
portal-became-1 = It goes on.
portal-became-2 = It is done.
portal-became-3 = It goes on no more.
portal-became-4 = Somebody thinks this could be a goal of yours.
portal-important = This is how much it matters: { $number } out of 10.
portal-confident = This is how sure you are: { $number } out of 10.
portal-owned = They see to it.
portal-corrected = It was put right. Before, it said: “{ $before }”
portal-entry-back = All that is written
portal-entry-title = What it says
portal-entry-said = What was said about it
portal-entry-reply = Give your side
portal-entry-reply-lead = Your words stay with it, wherever it goes. Who wrote it must answer.
portal-entry-kind = What do you want to say?
portal-entry-words = Your words
portal-entry-reply-add = Say it
portal-entry-correct = Put it right
portal-entry-correct-lead = What it said before is kept for you alone.
portal-entry-correct-text = What it should say
portal-entry-correct-why = Why?
portal-entry-correct-add = Put it right
portal-reply-0 = You said something
portal-reply-1 = There is more to know
portal-reply-2 = This is not right
portal-reply-3 = These words hurt
portal-reply-taken-back = You took this back.
portal-reply-waits = They have until { $day } to answer.
portal-reply-overdue = They should have answered by { $day }.

## My people
portal-people-title = My people
portal-people-proposed = They offer to support you
portal-people-proposed-none = Nobody has offered.
portal-people-active = They support you
portal-people-active-none = Nobody supports you here yet.
portal-people-suggested = You could ask them
portal-people-suggested-none = There is nobody.
portal-people-over = It is over
portal-people-over-none = There is nobody.
portal-relationship-back = All my people
portal-relationship-offer = What they offer
portal-relationship-seen = What others wrote
portal-relationship-invite-lead = You can ask them to offer you their support. They see nothing by that.
portal-relationship-invite-words = What do you want to say to them?
portal-relationship-invite = Ask them
portal-relationship-dismiss = I want nothing to come of it
portal-relationship-accept-lead = If you say yes, they can see what you let them see.
portal-relationship-accept = Yes, I want their support
portal-relationship-why = Why? You need not say.
portal-relationship-never = They must not ask me again
portal-relationship-decline = No, I do not want that
portal-relationship-end = End their support
portal-relationship-0 = We do not know where this stands.
portal-relationship-1 = They offered it: { $day }.
portal-relationship-2 = They support you since: { $day }.
portal-relationship-3 = You said no: { $day }.
portal-relationship-4 = It ended: { $day }.
portal-relationship-5 = They took their offer back: { $day }.
portal-relationship-6 = Nobody answered by: { $day }.
portal-relationship-7 = Others wrote that they have seen you.
portal-relationship-8 = You have asked them.
portal-relationship-9 = You wanted nothing to come of it.

## What happened
portal-timeline-title = What happened
portal-timeline-part = Show
portal-timeline-nothing = Nothing has happened.
portal-part-0 = Everything
portal-part-1 = What is written about you
portal-part-2 = Who can see what
portal-part-3 = Who has looked
portal-part-4 = Your people
portal-part-5 = Talks and choices
portal-part-6 = Coming in, and being told

## Coming in
portal-sign-in-title = Sign in
portal-sign-in-lead = Here you see who has looked at what is written about you, and choose who can.
portal-sign-in = Sign in
portal-sign-in-samples = Nobody here is real. Choose whose pages you want to see.
portal-claim-title = Type in your code
portal-claim-lead = You have signed in, and we do not know you yet. Type in the code that you were given. It does not matter whether you use big or small letters.
portal-claim-code = Your code
portal-claim-second = Your second code, if you were given two
portal-claim = Go on

## What could not be done
portal-fault-home = Go to the start
portal-fault-nothing = There is nothing here
portal-fault-nothing-then = It may have been taken back, or the address is wrong.
portal-fault-refused = That can not be done
portal-fault-refused-then = Nothing was changed. Go back, and try it in another way.
portal-fault-denied = That is not for you
portal-fault-denied-then = Nothing was shown, and nothing was changed.
portal-fault-too-much = That was too much at once
portal-fault-too-much-then = Wait a minute, and try again.
portal-fault-away = We can not do that just now
portal-fault-away-then = Nothing was lost. Try again in a few minutes.
portal-fault-stale = That page was too old
portal-fault-stale-then = Nothing was changed. Open the page again, and try once more.
portal-fault-not-everywhere = You are signed out here, but not elsewhere
portal-fault-not-everywhere-then = Too much time had gone by. To sign out everywhere, sign in again, and then sign out everywhere.
portal-fault-unreadable = We did not get that
portal-fault-unreadable-then = Nothing was changed. Go back, and try once more.
portal-fault-not-signed-in = You are not signed in
portal-fault-not-signed-in-then = Signing in was not finished. Try again from the start.
portal-fault-failed = Something went wrong
portal-fault-failed-then = Those who run this place have been told. Try again in a few minutes.

## Can everybody use these pages?
portal-statement-title = Can everybody use these pages?
portal-statement-lead = We want everybody to be able to. You can make the words as large as you like, use the keys in place of a mouse, and have the pages read out. They work without scripts, and on an old phone.
portal-statement-standard = They are made to meet the Web Content Accessibility Guidelines 2.2, at level AA.
portal-statement-tested = A machine checks each page for what a machine can find, on a small and on a large screen, in light and in dark, and goes a part of the way with the keys alone. Nobody who needs it in their own life has tried them yet.
portal-statement-missing = There is no page yet for talks and choices. Who supports you can print and post them. Without scripts you are signed out after 15 minutes, and no word comes before.
portal-statement-names = All pages have the same title, and their addresses are numbers, so that nobody who finds them on a shared phone knows what you read. If you have them read out, the first line of each page says which it is.
