//! What fits into one append.

use engine::Limits;

use super::{EntryKind, Finish, Plan};
use crate::fhir::MalformedBundle;

/// A bundle is one append: nothing of it is half-imported.
///
/// # Errors
/// When it brings more than one append takes; at the resource at which it does.
pub(crate) fn fits(plan: &Plan) -> Result<(), MalformedBundle> {
    let Limits { append_events, append_streams, .. } = Limits::default();
    let fault =
        |entry, problem| MalformedBundle { file: plan.file.clone(), entry: Some(entry), path: String::new(), problem };
    // The record, the choices and the receipt have a stream each, and so has every agency; every worker has two.
    let mut streams = 3;
    let agencies = plan.agencies.values().map(|agency| (agency.place.unwrap_or(plan.place), 1));
    for (place, more) in agencies.chain(plan.staff.values().map(|worker| (worker.place, 2))) {
        streams += more;
        if streams > append_streams {
            let named = format!("{} organisations and {} practitioners", plan.agencies.len(), plan.staff.len());
            return Err(fault(place.0, format!("is more than fits in one bundle, which names {named}: split it")));
        }
    }
    let mut events = 3 + plan.agencies.len() + 2 * plan.staff.len();
    for (count, entry) in plan.entries.iter().enumerate() {
        events += match entry.kind {
            EntryKind::Condition { .. }
            | EntryKind::Goal { finish: Finish::Open }
            | EntryKind::Action { finish: Finish::Open, .. } => 1,
            EntryKind::Goal { .. } | EntryKind::Action { .. } => 2,
        };
        if events > append_events {
            let all = plan.entries.len();
            return Err(fault(entry.place.0, format!("is one entry of {all}; {count} fit in this bundle: split it")));
        }
    }
    Ok(())
}
