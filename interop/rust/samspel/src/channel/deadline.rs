//! The deadline of one call, and how it travels (C1).

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::failure::Rejection;

pub(crate) const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
pub(crate) const DEFAULT: Duration = Duration::from_secs(10);

/// Whoever passes a timeout on keeps a little for itself, so that its own answer, and not a cut, is what is seen.
/// tonic ends a call whose time is over with CANCELLED; this makes us quicker.
pub(crate) const MARGIN: Duration = Duration::from_millis(2);

/// The value of `grpc-timeout`: up to eight digits and a unit.
pub(crate) fn parse_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(value * 3600),
        "M" => Duration::from_secs(value * 60),
        "S" => Duration::from_secs(value),
        "m" => Duration::from_millis(value),
        "u" => Duration::from_micros(value),
        "n" => Duration::from_nanos(value),
        _ => return None,
    })
}

/// What is left, as `grpc-timeout` has it.
pub(super) fn format_timeout(left: Duration) -> HeaderValue {
    let millis = left.as_millis().clamp(1, 99_999_999);
    HeaderValue::from_str(&format!("{millis}m")).unwrap_or(HeaderValue::from_static("1m"))
}

/// The error of a call whose deadline is over.
pub(crate) fn exceeded(method: &str, deadline: Instant, began: Instant) -> Status {
    let waited = deadline.saturating_duration_since(began).as_millis();
    let method = method.trim_start_matches('/');
    Rejection::new(Code::DeadlineExceeded, format!("{method} did not answer within {waited} ms"))
        .reason("SAMSPEL_DEADLINE_EXCEEDED")
        .retryable(true)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_timeout_reads_every_unit_and_refuses_the_rest() {
        for (text, expected) in [
            ("2H", Some(Duration::from_secs(7_200))),
            ("3M", Some(Duration::from_secs(180))),
            ("10S", Some(Duration::from_secs(10))),
            ("250m", Some(Duration::from_millis(250))),
            ("99999999n", Some(Duration::from_nanos(99_999_999))),
            ("123456789m", None),
            ("m", None),
            ("", None),
            ("1x", None),
        ] {
            let headers = HeaderMap::from_iter([(GRPC_TIMEOUT, HeaderValue::from_static(text))]);
            assert_eq!(parse_timeout(&headers), expected, "{text}");
        }
        assert_eq!(format_timeout(Duration::from_micros(1)), "1m");
    }
}
