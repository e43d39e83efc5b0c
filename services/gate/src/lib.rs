//! Who is calling, and what they may see: caller identity, the wrapper that every RPC passes, and the gate, where a
//! disclosure is a transaction.

mod administrator;
mod bearer;
mod believed;
mod bodies;
mod call;
mod caller;
mod classes;
pub mod code;
mod contribute;
mod deadline;
mod gate;
mod issuers;
mod layer;
mod metrics;
mod page;
mod public;
mod rates;
mod role;
mod session;
mod system;
mod text;
mod word_code;

pub use administrator::as_administrator;
pub use believed::believed_nowhere_after;
pub use call::{Answers, Call, fits, leave_trace};
pub use caller::Caller;
pub use classes::Classes;
pub use contribute::Contribution;
pub use gate::{Asked, Disclosure, Gate};
pub use issuers::{Binding, Issuer, IssuerError, Issuers, KeySource, Refused, read_keys};
pub use layer::{AccessLayer, AccessService, CallSpan, REQUEST_LIMIT, RESPONSE_LIMIT};
pub use metrics::GateMetrics;
pub use page::{Paged, Paging};
pub use rates::{Rates, Searches};
pub use role::ROLE_HEADER;
pub use session::SESSION_HEADER;
pub use system::SystemGrounds;
pub use text::normalize;
/// What [`service!`] writes uses it.
#[doc(hidden)]
pub use tonic;
pub use word_code::SaidCode;
