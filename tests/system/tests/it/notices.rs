//! People are told that something has happened, where they want it, and never what.

use std::time::Duration;

use client::{Client, request_id};
use harness::{Mail, MailServer, Node, wait_until};
use proto::access::v1::DeclareEmergencyAccessRequest;
use proto::notices::v1::{
    Channel, ChooseNoticesRequest, ConfirmNoticeAddressRequest, GetMyNoticesRequest, GetMyNoticesResponse,
    GiveNoticeAddressRequest, NoticeAddress, NoticeChoices, StopNoticesRequest, When,
};
use proto::people::v1::InviteReturnRequest;
use proto::relationships::v1::EnterAcceptanceRequest;
use tonic::{Code, Status};
use uuid::Uuid;
use vault::WebhookSecret;

use crate::fed::A_WHILE;
use crate::receiver::{Answer, Receiver};
use crate::world::{Callers, Supported, World};

/// A person who may be told, and a mail server.
pub(crate) struct Told {
    pub(crate) supported: Supported,
    mail: MailServer,
}

impl Told {
    pub(crate) async fn new() -> Self {
        let (mut world, mail) = (World::distributed().await, MailServer::start().await.unwrap());
        mail.configure(&mut world.cluster);
        let link = "https://portal.example";
        world.cluster.set("notices", "link", link);
        Self { supported: Supported::on(world, 0).await, mail }
    }

    /// Kills the server, and starts another, which everybody calls from now on.
    async fn restart(&mut self) {
        self.supported.node.kill().unwrap();
        self.supported.node = self.supported.world.start().await;
        let (channel, pair) = (self.supported.node.channel().await.unwrap(), self.supported.callers.pair.clone());
        self.supported.callers = Callers::unenrolled(&self.supported.world.cluster, &channel, &pair);
    }

    fn person(&self) -> &Client {
        &self.supported.callers.person
    }

    /// All that was sent, once it is so much.
    pub(crate) async fn receives(&self, count: usize) -> Vec<Mail> {
        let came = wait_until("mail", || async { Ok(self.mail.took()?.len() >= count) }).await;
        let took = self.mail.took().unwrap();
        assert!(came.is_ok() && took.len() == count, "{took:?}");
        took
    }

    /// Nothing more is sent than so much.
    pub(crate) async fn receives_no_more_than(&self, count: usize) {
        tokio::time::sleep(2 * A_WHILE).await;
        self.receives(count).await;
    }

    async fn give(&self, address: &str, unsafe_to_tell: bool) -> Result<(), Status> {
        give(self.person(), Channel::Email, address, unsafe_to_tell).await
    }

    /// Gives an address and says the code that comes there, which is the mail of this number.
    pub(crate) async fn has(&self, address: &str, unsafe_to_tell: bool, nth: usize) {
        self.give(address, unsafe_to_tell).await.unwrap();
        let mail = self.receives(nth).await.remove(nth - 1);
        assert_eq!(mail.to, address);
        confirm(self.person(), &code_in(mail.body())).await.unwrap();
    }

    async fn mine(&self) -> GetMyNoticesResponse {
        self.person().notices().get_my_notices(GetMyNoticesRequest {}).await.unwrap().into_inner()
    }

    async fn choose(&self, choices: NoticeChoices) -> Result<(), Status> {
        let choose = ChooseNoticesRequest { request_id: request_id(), choices: Some(choices) };
        self.person().notices().choose_notices(choose).await.map(drop)
    }

    async fn stop(&self, unsafe_to_tell: bool) {
        let stop = StopNoticesRequest { request_id: request_id(), unsafe_to_tell };
        self.person().notices().stop_notices(stop).await.unwrap();
    }

    /// Somebody else of the agency declares an emergency.
    async fn emergency(&self, subject: &str) {
        let callers = &self.supported.callers;
        let (worker, _) = self.supported.joins(subject, "Alex Somebody", "nurse").await;
        let declare = DeclareEmergencyAccessRequest {
            request_id: request_id(),
            person_id: callers.pair.person_id(),
            reason: "found on the floor and does not answer".into(),
            minutes: 60,
        };
        worker.access().declare_emergency_access(declare).await.unwrap();
    }
}

async fn give(person: &Client, channel: Channel, address: &str, unsafe_to_tell: bool) -> Result<(), Status> {
    let address = Some(NoticeAddress { channel: channel.into(), address: address.into() });
    let give = GiveNoticeAddressRequest { request_id: request_id(), address, unsafe_to_tell };
    person.notices().give_notice_address(give).await.map(drop)
}

async fn confirm(person: &Client, code: &str) -> Result<(), Status> {
    let confirm = ConfirmNoticeAddressRequest { request_id: request_id(), code: code.into() };
    person.notices().confirm_notice_address(confirm).await.map(drop)
}

/// The code that a message holds.
pub(crate) fn code_in(body: &str) -> String {
    let is_code = |line: &&str| line.len() == 14 && line.split('-').count() == 3;
    body.lines().map(str::trim).find(is_code).unwrap_or_else(|| panic!("no code in {body}")).to_owned()
}

fn is_news(mail: &Mail) {
    assert_eq!(mail.header("Subject"), "Something happened in your record");
    assert_eq!(
        mail.body().trim(),
        "Something happened in your record. Sign in to see what it was.\r\n\r\nhttps://portal.example"
    );
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert!(mail.header("Message-ID").ends_with("@alongside.example>"), "{mail:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_told_of_each_thing_once_and_never_what_it_is() {
    let told = Told::new().await;
    let (person, callers) = (told.person(), &told.supported.callers);
    callers.grant().await;
    told.give("person@home.example", false).await.unwrap();
    let code = told.receives(1).await.remove(0);
    assert!(code.to == "person@home.example" && code.header("Subject") == "Your code", "{code:?}");
    // Until the code was said, nothing else goes there.
    told.emergency("before").await;
    told.receives_no_more_than(1).await;
    assert!(told.mine().await.waiting.is_some() && told.mine().await.address.is_none());
    for wrong in ["", "0000-0000-0000", &code_in(code.body())[1..]] {
        assert_eq!(confirm(person, wrong).await.unwrap_err().code(), Code::InvalidArgument, "{wrong}");
    }
    confirm(person, &code_in(code.body()).to_lowercase()).await.unwrap();
    // Whoever has it knows it again; whoever has taken over the sign-in does not learn it.
    assert_eq!(told.mine().await.address.unwrap().address, "p…@home.example");
    // The first look of the agency, and no other.
    for _ in 0..3 {
        callers.look().await.unwrap();
    }
    is_news(&told.receives(2).await[1]);
    told.emergency("after").await;
    is_news(&told.receives(3).await[2]);
    told.receives_no_more_than(3).await;
    let mails = told.mail.took().unwrap();
    let ids: std::collections::BTreeSet<_> = mails.iter().map(|mail| mail.header("Message-ID").to_owned()).collect();
    assert_eq!(ids.len(), mails.len());
    let all = mails.iter().map(|mail| mail.text.clone()).collect::<String>();
    for secret in
        [callers.pair.person_id(), callers.pair.agency_id(), callers.pair.staff_id(), "Alex".into(), "nurse".into()]
    {
        assert!(!all.contains(&secret), "{secret}");
    }
    // Nor does anything that is logged hold the address or the code.
    let log = told.supported.node.log().unwrap();
    assert!(!log.contains("home.example") && !log.contains(&code_in(code.body())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_is_told_and_what_is_not_wanted_is_not() {
    let told = Told::new().await;
    told.has("person@home.example", false, 1).await;
    let callers = &told.supported.callers;
    let propose = async |subject: &str| {
        let (worker, _) = told.supported.joins(subject, "Alex Somebody", "nurse").await;
        worker.propose(&callers.pair.person_id(), "help with the garden").await.unwrap();
    };
    propose("one").await;
    is_news(&told.receives(2).await[1]);
    let (at_once, never, daily) = (When::AtOnce.into(), When::Never.into(), When::Daily.into());
    let unspecified = NoticeChoices { emergency: at_once, first_look: 0, proposal: never };
    assert_eq!(told.choose(unspecified).await.unwrap_err().code(), Code::InvalidArgument);
    told.choose(NoticeChoices { emergency: at_once, first_look: daily, proposal: never }).await.unwrap();
    let choices = told.mine().await.choices.unwrap();
    assert_eq!((choices.first_look(), choices.proposal()), (When::Daily, When::Never));
    propose("two").await;
    callers.grant().await;
    callers.look().await.unwrap();
    told.receives_no_more_than(2).await;
    told.emergency("three").await;
    is_news(&told.receives(3).await[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn that_somebody_acts_in_their_place_is_told_at_once_whatever_they_chose() {
    let told = Told::new().await;
    let Callers { worker, pair, person, .. } = &told.supported.callers;
    told.has("person@home.example", false, 1).await;
    let never = When::Never.into();
    told.choose(NoticeChoices { emergency: never, first_look: never, proposal: never }).await.unwrap();
    // What they accept themselves they are not told; what is entered for them they are.
    let (isla, _) = told.supported.joins("isla", "Isla Munro", "nurse").await;
    let own = isla.propose(&pair.person_id(), "a visit").await.unwrap().relationship_id;
    person.accept(&own).await.unwrap();
    told.receives_no_more_than(1).await;
    let (alex, _) = told.supported.joins("alex", "Alex Somebody", "nurse").await;
    let relationship_id = alex.propose(&pair.person_id(), "a visit").await.unwrap().relationship_id;
    let enter = EnterAcceptanceRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        relationship_id,
        on_their_word: "told me on 3 March, in her kitchen".into(),
        code: String::new(),
    };
    alex.relationships().enter_acceptance(enter).await.unwrap();
    is_news(&told.receives(2).await[1]);
    let ask = InviteReturnRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        reason: "she has lost her phone, as she tells me".into(),
    };
    worker.joining().invite_return(ask).await.unwrap();
    is_news(&told.receives(3).await[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_to_the_address_before_unless_that_is_unsafe_and_nothing_at_all_where_being_told_is() {
    let told = Told::new().await;
    told.has("first@home.example", false, 1).await;
    told.has("second@home.example", false, 2).await;
    let left = told.receives(3).await.remove(2);
    assert_eq!((left.to.as_str(), left.header("Subject")), ("first@home.example", "Notices do not come here any more"));
    assert!(!left.text.contains("second@") && !left.text.contains("portal"), "{left:?}");
    told.emergency("one").await;
    assert_eq!(told.receives(4).await[3].to, "second@home.example");
    // Whoever reads the second is not to know of the third.
    told.has("third@home.example", true, 5).await;
    told.receives_no_more_than(5).await;
    // Nor whoever reads the third that nothing more comes.
    told.give("fourth@home.example", false).await.unwrap();
    told.receives(6).await;
    told.stop(true).await;
    assert!(told.mine().await.address.is_none() && told.mine().await.waiting.is_none());
    told.emergency("two").await;
    told.receives_no_more_than(6).await;
    // Five addresses in a day, as each of them gets a message.
    told.has("fifth@home.example", false, 7).await;
    let many = told.give("sixth@home.example", false).await.unwrap_err();
    assert_eq!(many.code(), Code::FailedPrecondition, "{many:?}");
    told.stop(false).await;
    assert_eq!(told.receives(8).await[7].to, "fifth@home.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_address_is_refused_by_name_and_one_that_takes_no_mail_is_said_to() {
    let told = Told::new().await;
    for bad in
        ["", "person", "a@b@c", "a b@c.example", "person@home.example\r\nBcc: x@y.example", "<person@home.example>"]
    {
        assert_eq!(told.give(bad, false).await.unwrap_err().code(), Code::InvalidArgument, "{bad:?}");
    }
    // This system has nobody who sends text messages.
    let sms = give(told.person(), Channel::Sms, "+441312345678", false).await.unwrap_err();
    assert!(sms.code() == Code::InvalidArgument && sms.message().contains("text message"), "{sms:?}");
    assert_eq!(told.mine().await.channels, [i32::from(Channel::Email)]);
    told.give("nobody@home.example", false).await.unwrap();
    let known = || async { Ok(!told.mine().await.last_failure.is_empty()) };
    wait_until("it is known to take none", known).await.unwrap();
    assert!(told.mine().await.last_failure.contains("takes no mail for this address"));
    assert!(told.mail.took().unwrap().is_empty());
    // A staff member has none, nor has somebody who is not registered.
    let get = told.supported.callers.worker.notices().get_my_notices(GetMyNoticesRequest {}).await.unwrap_err();
    assert_eq!(get.code(), Code::PermissionDenied);
    let stranger = told.supported.world.cluster.signer.person(Uuid::now_v7().into()).unwrap();
    let stranger = Client::new(told.supported.node.channel().await.unwrap(), &stranger).unwrap();
    let refused = give(&stranger, Channel::Email, "person@home.example", false).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_crash_leaves_unknown_whether_it_was_taken_it_comes_again_under_its_id_and_else_once() {
    let mut told = Told::new().await;
    // The server takes the message, and the process dies before it hears so.
    told.give("hangs@home.example", false).await.unwrap();
    let first = told.receives(1).await.remove(0);
    told.supported.node.kill().unwrap();
    told.mail.restart().await.unwrap();
    // Two of them, as one would be.
    let (one, two) = (told.supported.world.start().await, told.supported.world.start().await);
    // The new process of the mail server hangs once more, so that the next process dies as well.
    let second = told.receives(2).await.remove(1);
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    kill_both([one, two]);
    told.mail.restart().await.unwrap();
    told.supported.node = told.supported.world.start().await;
    told.receives(3).await;
    confirm_on(&told, &code_in(first.body())).await;
    assert!(told.mail.took().unwrap().iter().all(|mail| mail.header("Message-ID") == first.header("Message-ID")));
}

fn kill_both(nodes: [Node; 2]) {
    for mut node in nodes {
        node.kill().unwrap();
    }
}

async fn confirm_on(told: &Told, code: &str) {
    let person = told.supported.world.cluster.signer.person(told.supported.callers.pair.person).unwrap();
    let person = Client::new(told.supported.node.channel().await.unwrap(), &person).unwrap();
    confirm(&person, code).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_mail_server_is_away_what_is_to_be_told_waits_and_two_servers_tell_it_once() {
    let mut told = Told::new().await;
    let second = told.supported.world.start().await;
    told.has("person@home.example", false, 1).await;
    told.mail.stop().unwrap();
    for subject in ["one", "two", "three"] {
        told.emergency(subject).await;
    }
    told.restart().await;
    told.mail.restart().await.unwrap();
    told.receives(4).await;
    told.receives_no_more_than(4).await;
    drop(second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_lets_nobody_in_costs_nobody_their_notices() {
    let mut told = Told::new().await;
    told.has("person@home.example", false, 1).await;
    told.mail.keep_password(false).unwrap();
    told.restart().await;
    told.emergency("one").await;
    let known = || async { Ok(told.supported.node.log()?.contains("takes no mail; it is tried again")) };
    let known = wait_until("it is known", known).await;
    known.unwrap_or_else(|error| panic!("{error}: {} {:?}", told.supported.node.log().unwrap(), told.mail.took()));
    told.mail.keep_password(true).unwrap();
    told.restart().await;
    is_news(&told.receives(2).await[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_sender_is_called_with_what_it_is_to_send_and_signed() {
    let (mut world, receiver) = (World::distributed().await, Receiver::start().await);
    let secret = WebhookSecret::new([7; 32]);
    let file = world.cluster.directory().join("sender-secret");
    node::files::write_private(&file, secret.text().as_bytes()).unwrap();
    let mut sender = toml::Table::new();
    sender.insert("url".into(), receiver.url().into());
    sender.insert("secret".into(), format!("file:{}", file.display()).into());
    sender.insert("channels".into(), vec!["sms"].into());
    world.cluster.set("notices", "sender", sender);
    let supported = Supported::on(world, 0).await;
    let person = &supported.callers.person;
    receiver.answers_next(Answer::Status(503));
    give(person, Channel::Sms, "+441312345678", false).await.unwrap();
    let came = receiver.receives(2).await;
    assert_eq!(came[0].header("webhook-id"), came[1].header("webhook-id"));
    let body = came[1].event();
    assert_eq!((&body["channel"], &body["to"]), (&"text message".into(), &"+441312345678".into()));
    let (id, seconds) = (came[1].header("webhook-id"), came[1].header("webhook-timestamp"));
    let signed = secret.sign(id.parse().unwrap(), seconds.parse().unwrap(), &came[1].body);
    assert_eq!(came[1].header("webhook-signature"), signed);
    confirm(person, &code_in(body["text"].as_str().unwrap())).await.unwrap();
    for channel in [Channel::Letter, Channel::Email] {
        assert_eq!(give(person, channel, "a@b.example", false).await.unwrap_err().code(), Code::InvalidArgument);
    }
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(receiver.came().len(), 2);
}
