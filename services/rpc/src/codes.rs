//! What codes are called.

use http::StatusCode;
use tonic::Code;

/// A code, what gRPC calls it, what the Connect protocol does, and the status of HTTP beside that: 499 is for a caller who went away.
const CODES: [(Code, &str, &str, u16); 17] = [
    (Code::Ok, "OK", "ok", 200),
    (Code::Cancelled, "CANCELLED", "canceled", 499),
    (Code::Unknown, "UNKNOWN", "unknown", 500),
    (Code::InvalidArgument, "INVALID_ARGUMENT", "invalid_argument", 400),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", "deadline_exceeded", 504),
    (Code::NotFound, "NOT_FOUND", "not_found", 404),
    (Code::AlreadyExists, "ALREADY_EXISTS", "already_exists", 409),
    (Code::PermissionDenied, "PERMISSION_DENIED", "permission_denied", 403),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED", "resource_exhausted", 429),
    (Code::FailedPrecondition, "FAILED_PRECONDITION", "failed_precondition", 400),
    (Code::Aborted, "ABORTED", "aborted", 409),
    (Code::OutOfRange, "OUT_OF_RANGE", "out_of_range", 400),
    (Code::Unimplemented, "UNIMPLEMENTED", "unimplemented", 501),
    (Code::Internal, "INTERNAL", "internal", 500),
    (Code::Unavailable, "UNAVAILABLE", "unavailable", 503),
    (Code::DataLoss, "DATA_LOSS", "data_loss", 500),
    (Code::Unauthenticated, "UNAUTHENTICATED", "unauthenticated", 401),
];

/// What gRPC calls a code.
#[must_use]
pub fn code_name(of: Code) -> &'static str {
    CODES.iter().find(|(code, ..)| *code == of).map_or("UNKNOWN", |(_, name, ..)| name)
}

/// What the Connect protocol calls refusals.
pub fn refusals() -> impl Iterator<Item = &'static str> {
    CODES.iter().filter(|(code, ..)| *code != Code::Ok).map(|(_, _, name, _)| *name)
}

/// What the Connect protocol calls a code, and the status of HTTP beside it.
pub(crate) fn of_connect(of: Code) -> (&'static str, StatusCode) {
    let found = CODES.iter().find(|(code, ..)| *code == of);
    let (name, status) = found.map_or(("unknown", 500), |(_, _, name, status)| (*name, *status));
    (name, StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
}
