//! The edge of every service: errors become `google.rpc` details here and nowhere else, fields are read, pages are
//! counted, and domain words are turned into the wire's and back.

mod codes;
mod connect;
mod error;
mod input;
mod names;
mod page;
pub mod words;

pub use codes::{code_name, refusals};
pub use connect::{Connect, ConnectLayer};
pub use error::{Error, Reason};
pub use input::{enums, id, one_of, optional_date, optional_id, required, small_number};
pub use names::{Directory, Listed, Named, who_left};
pub use page::{page_size, token, token_bytes};
