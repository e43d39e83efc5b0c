//! How long a call may take: as long as its caller waits, and no longer than any may.

use std::time::Duration;

use http::HeaderMap;

/// The longest that a call may take, whatever deadline it brings.
const LIMIT: Duration = Duration::from_secs(30);
/// By how much the caller hears sooner than they would give up.
const SOONER: Duration = Duration::from_millis(10);

/// The time that a call has, by its `grpc-timeout` (gRPC over HTTP/2: up to eight digits and a unit).
pub(crate) fn of(headers: &HeaderMap) -> Duration {
    let header = headers.get("grpc-timeout").and_then(|value| value.to_str().ok());
    header.and_then(read).map_or(LIMIT, |wanted| wanted.saturating_sub(SOONER).min(LIMIT))
}

fn read(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3_600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_as_long_as_its_caller_waits_and_at_most_the_limit() {
        let has = |timeout: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", timeout.parse().unwrap());
            of(&headers)
        };
        assert_eq!(
            (has("500m"), has("2S"), has("1n")),
            (Duration::from_millis(490), Duration::from_millis(1_990), Duration::ZERO)
        );
        for limited in ["1H", "99999999M", "", "S", "123456789m", "5x", "-1S"] {
            assert_eq!(has(limited), LIMIT, "{limited}");
        }
        assert_eq!(of(&HeaderMap::new()), LIMIT);
    }
}
