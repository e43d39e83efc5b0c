//! Whether views are built of the history that the log has: it may have been restored or failed over since.

use event_log::{EventLog, Position};

use crate::runner::{RunnerError, current};
use crate::store::{DocumentStore, Generation, History};
use crate::view::AnyView;

/// What is to be said of a view's current generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// It is built of what the log has, and has come as far as it must before it is read.
    Whole,
    /// It is built of what the log has, and is not read yet; or not by this version.
    Unfinished,
    /// It is built of what the log does not have: of the history of this epoch, as it was called.
    Ghost(History),
}

/// Looks at one view: the log has the event that the view has read last, or it is another log.
pub(crate) async fn look(
    log: &dyn EventLog,
    view: &dyn AnyView,
    generations: &[Generation],
) -> Result<Look, RunnerError> {
    let Some(current) = current(generations) else { return Ok(Look::Whole) };
    if let Some(of) = current.of {
        let there = log.read(Position(current.position.saturating_sub(1)), 1).await?;
        let is_there = |event: &event_log::Recorded| event.position.0 == current.position && event.mark() == of.mark;
        if current.position > 0 && !there.first().is_some_and(is_there) {
            return Ok(Look::Ghost(of));
        }
    }
    // It may have been restored to an earlier end since.
    let whole = current.position >= current.readable_from || current.position >= log.head().await?.0;
    Ok(if !whole || current.code != view.code() { Look::Unfinished } else { Look::Whole })
}

/// Begins views anew that are built of what the log does not have. When nothing else has told that the log is another, it gets another
/// epoch, so that everybody learns of it.
pub(crate) async fn settle(
    log: &dyn EventLog,
    store: &dyn DocumentStore,
    view: &dyn AnyView,
) -> Result<Vec<Generation>, RunnerError> {
    let generations = store.generations(view.name(), view.code()).await?;
    let Look::Ghost(of) = look(log, view, &generations).await? else { return Ok(generations) };
    if of.epoch == log.epoch() {
        log.renew().await?;
    }
    let head = log.head().await?.0;
    tracing::warn!(
        view = view.name(),
        head,
        "the view was built of another history than the log has; it is built again"
    );
    store.restart(view.name(), view.code(), head).await?;
    Ok(store.generations(view.name(), view.code()).await?)
}
