//! `query` events to and from their stored form.

use domain::query::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    QueryEvent {
        1 => AccessQueried { receipt, question },
    }
}
