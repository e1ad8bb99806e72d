//! Waiting between attempts: exponential, with jitter, so that many clients do not come back at once.
//!
//! After "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
/// The longest wait, but for tells.
pub(crate) const LONGEST: Duration = Duration::from_secs(5);

/// How long to wait after failed attempt number `attempt` (1, 2, 3 …).
///
/// Between half and all of 0.1, 0.2, 0.4 … 5 s: the seven waits between eight attempts take 11.3 s at the most.
pub(crate) fn backoff(attempt: u32) -> Duration {
    backoff_up_to(LONGEST, attempt)
}

/// The same with another longest wait.
pub(crate) fn backoff_up_to(longest: Duration, attempt: u32) -> Duration {
    let ceiling = FIRST
        .saturating_mul(1 << attempt.saturating_sub(1).min(16))
        .min(longest);
    ceiling.mul_f64(0.5 + 0.5 * rand::random::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_five_seconds_and_never_below_half() {
        for (attempt, ceiling_ms) in [(1, 100), (2, 200), (3, 400), (7, 5_000), (u32::MAX, 5_000)] {
            let ceiling = Duration::from_millis(ceiling_ms);
            let waited = backoff(attempt);
            assert!(
                waited >= ceiling / 2 && waited <= ceiling,
                "{attempt}: {waited:?}"
            );
        }
    }
}
