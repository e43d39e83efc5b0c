#![allow(clippy::unwrap_used, reason = "tests")]

use domain::ids::{AgencyId, PersonId, StaffId};
use domain::vocabulary::Worker;

use super::*;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn worker() -> Worker {
    Worker::new(AgencyId(id(2)), StaffId(id(1)))
}

fn call(begun: Moment, ended: Moment, what: What) -> Call {
    Call { begun, ended: Some(ended), what }
}

fn looked(begun: Moment, ended: Moment, receipt: u128) -> Call {
    let look = Look { person: PersonId(id(9)), by: Some(worker()), disclosed: Some((ReceiptId(id(receipt)), 3)) };
    call(begun, ended, What::Look(look))
}

fn change(begun: Moment, ended: Moment, opens: bool, position: u64) -> Call {
    let (person, by, request, acknowledged) = (PersonId(id(9)), worker(), id(u128::from(position)), Some(position));
    call(begun, ended, What::Change { person, by, opens, request, acknowledged })
}

fn write(request: u128, position: u64) -> Call {
    call(0, 1, What::Write { client: 0, request: id(request), acknowledged: Some(position) })
}

fn log() -> Facts {
    let receipt = facts::Receipt { person: PersonId(id(9)), party: Author::Worker(worker()), entries: 3 };
    let receipts = (100..110).map(|n| (ReceiptId(id(n)), receipt)).collect();
    Facts { carried_out: (1..=5).collect(), receipts, ..Facts::default() }
}

#[test]
fn a_run_that_agrees_with_its_log_has_no_finding() {
    let history = [
        write(50, 1),
        write(50, 1),
        change(0, 1, true, 2),
        looked(2, 3, 100),
        change(4, 6, false, 3),
        // Begun before the withdrawal was acknowledged: it may have been decided before.
        looked(5, 7, 101),
        change(8, 9, true, 4),
        looked(9, 10, 102),
    ];
    assert_eq!(check(&history, &log()), []);
}

#[test]
fn what_was_acknowledged_and_is_not_there_is_lost() {
    assert_eq!(check(&[write(50, 6)], &log()), [Finding::Lost { request: id(50), position: 6 }]);
}

#[test]
fn a_request_at_two_positions_and_two_requests_at_one_are_doubled() {
    assert_eq!(check(&[write(50, 1), write(50, 2)], &log()), [Finding::Doubled { id: id(50) }]);
    assert_eq!(check(&[write(50, 1), write(51, 1)], &log()), [Finding::Doubled { id: id(51) }]);
    let doubled = Facts { doubled: vec![id(7)], ..log() };
    assert_eq!(check(&[], &doubled), [Finding::Doubled { id: id(7) }]);
}

#[test]
fn a_look_without_its_own_receipt_is_unreceipted() {
    let unreceipted = |n| Finding::Unreceipted { receipt: ReceiptId(id(n)) };
    assert_eq!(check(&[looked(0, 1, 200)], &log()), [unreceipted(200)]);
    assert_eq!(check(&[looked(0, 1, 100), looked(1, 2, 100)], &log()), [unreceipted(100)]);
    let mut other = log();
    other.receipts.get_mut(&ReceiptId(id(100))).unwrap().entries = 2;
    assert_eq!(check(&[looked(0, 1, 100)], &other), [unreceipted(100)]);
}

#[test]
fn a_look_that_began_after_a_withdrawal_is_found_unless_something_may_have_permitted_it() {
    let after = [Finding::AfterWithdrawal { receipt: ReceiptId(id(100)) }];
    assert_eq!(check(&[change(0, 1, true, 1), change(2, 3, false, 2), looked(4, 5, 100)], &log()), after);
    // Opened again only after the look had ended.
    assert_eq!(check(&[change(2, 3, false, 2), looked(4, 5, 100), change(6, 7, true, 3)], &log()), after);
    // A grant that was never answered may have happened at any time.
    let unanswered = Call { ended: None, ..change(1, 0, true, 3) };
    assert_eq!(check(&[change(2, 3, false, 2), unanswered, looked(4, 5, 100)], &log()), []);
}

#[test]
fn a_refused_look_without_its_denied_attempt_is_unkept() {
    let look = Look { person: PersonId(id(9)), by: Some(worker()), disclosed: None };
    let refused = || call(0, 1, What::Look(look));
    let denied = |count| Facts { denied: [((PersonId(id(9)), Author::Worker(worker())), count)].into(), ..log() };
    assert_eq!(check(&[refused(), refused()], &denied(1)), [Finding::Unkept { person: PersonId(id(9)) }]);
    assert_eq!(check(&[refused(), refused()], &denied(2)), []);
    let unanswered = Call { ended: None, ..refused() };
    assert_eq!(check(&[unanswered], &log()), []);
}

#[test]
fn gaps_forks_and_another_order_are_found() {
    let broken = Facts { gaps: vec![3], forked: vec![id(8)], ..log() };
    assert_eq!(check(&[], &broken), [Finding::Gap { after: 3 }, Finding::Forked { stream: id(8) }]);
    let later = Call { begun: 2, ended: Some(3), ..write(51, 1) };
    assert_eq!(check(&[later, write(50, 2)], &log()), [Finding::OutOfOrder { request: id(51) }]);
}
