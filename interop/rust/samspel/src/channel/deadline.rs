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
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit())
    {
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

/// When a call ends: when the code asked, and no later than the call within which it is made; where neither says
/// something, after the default.
pub(super) fn effective(
    own: Option<Instant>,
    inherited: Option<Instant>,
    default: Option<Instant>,
) -> Option<Instant> {
    own.into_iter().chain(inherited).min().or(default)
}

/// What is left, as `grpc-timeout` has it.
pub(super) fn format_timeout(left: Duration) -> HeaderValue {
    let millis = left.as_millis().max(1);
    let text = if millis < 100_000_000 {
        format!("{millis}m")
    } else {
        format!("{}S", left.as_secs().min(99_999_999))
    };
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("1m"))
}

/// The error of a call whose deadline is over.
pub(crate) fn exceeded(method: &str, deadline: Instant, began: Instant) -> Status {
    let waited = deadline.saturating_duration_since(began).as_millis();
    let method = method.trim_start_matches('/');
    Rejection::new(
        Code::DeadlineExceeded,
        format!("{method} did not answer within {waited} ms"),
    )
    .reason("SAMSPEL_DEADLINE_EXCEEDED")
    .retryable(true)
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_are_those_of_every_language() {
        let vectors = crate::vectors::read("deadlines");
        for vector in crate::vectors::list(&vectors["timeouts"]) {
            let text = vector["text"].as_str().unwrap();
            let headers =
                HeaderMap::from_iter([(GRPC_TIMEOUT, HeaderValue::from_str(text).unwrap())]);
            let ms =
                parse_timeout(&headers).map(|timeout| u64::try_from(timeout.as_millis()).unwrap());
            assert_eq!(ms, vector["ms"].as_u64(), "{text}");
        }
        for vector in crate::vectors::list(&vectors["written"]) {
            let asked = Duration::from_millis(vector["ms"].as_u64().unwrap());
            let headers = HeaderMap::from_iter([(GRPC_TIMEOUT, format_timeout(asked))]);
            let written = parse_timeout(&headers).unwrap();
            assert!(
                written <= asked && written + Duration::from_millis(1) >= asked,
                "{asked:?}: {written:?}"
            );
        }
        let now = Instant::now();
        let at = |ms: &serde_json::Value| ms.as_u64().map(|ms| now + Duration::from_millis(ms));
        for vector in crate::vectors::list(&vectors["inherited"]) {
            let found = effective(
                at(&vector["ownMs"]),
                at(&vector["incomingLeftMs"]),
                Some(now + DEFAULT),
            );
            assert_eq!(found, at(&vector["effectiveMs"]), "{}", vector["about"]);
        }
    }
}
