//! `operations` events to and from their stored form.

use domain::operations::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    OperationsEvent {
        1 => OperatorActed { operator, issuer, act, agency, about },
    }
}
