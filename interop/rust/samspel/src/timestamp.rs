//! Times as they stand in logs and headers: RFC 3339, UTC, milliseconds.

use time::OffsetDateTime;

/// The time now, such as `2026-01-31T09:05:07.042Z`.
pub(crate) fn now() -> String {
    format(OffsetDateTime::now_utc())
}

fn format(at: OffsetDateTime) -> String {
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let (hour, minute, second, milli) = (at.hour(), at.minute(), at.second(), at.millisecond());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_keeps_its_zeros() {
        let at = OffsetDateTime::from_unix_timestamp_nanos(1_769_850_307_042_900_000).unwrap();
        assert_eq!(format(at), "2026-01-31T09:05:07.042Z");
    }
}
