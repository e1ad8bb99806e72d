//! A long poll that goes on for ever, by the rules of Consul's indexes (R7).

use std::time::Duration;

use serde_json::Value;

use super::consul::{Consul, ConsulError};
use crate::backoff::backoff;

const WAIT: Duration = Duration::from_secs(25);
/// Consul adds up to a sixteenth of the wait; a connection that says nothing for longer is dead.
const PATIENCE: Duration = Duration::from_secs(32);
/// Between answers without an index, which cannot be waited for.
const WITHOUT_INDEX: Duration = Duration::from_secs(1);

/// Asks again and again, and tells each answer, until it is dropped.
///
/// `path` has its query already, beside `wait` and `index`.
pub(super) async fn long_poll(
    consul: &Consul,
    path: &str,
    mut tell: impl FnMut(Result<Value, ConsulError>),
) {
    let mut index = None;
    let mut failures = 0;
    loop {
        match ask(consul, path, index).await {
            Ok((value, received)) => {
                failures = 0;
                tell(Ok(value));
                index = next_index(index, received);
                if received.is_none() {
                    tokio::time::sleep(WITHOUT_INDEX).await;
                }
            }
            Err(error) => {
                failures += 1;
                index = None;
                tell(Err(error));
                tokio::time::sleep(backoff(failures)).await;
            }
        }
    }
}

async fn ask(
    consul: &Consul,
    path: &str,
    index: Option<u64>,
) -> Result<(Value, Option<u64>), ConsulError> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let index = index.map_or_else(String::new, |index| format!("&index={index}"));
    let full = format!("{path}{separator}wait={}s{index}", WAIT.as_secs());
    let answer = consul.expect(consul.get(&full, PATIENCE).await?, path)?;
    Ok((consul.json(&answer, path)?, answer.index))
}

/// The index to wait for next: none where there is none, where it is 0, and where it went back.
pub(super) fn next_index(waited_for: Option<u64>, received: Option<u64>) -> Option<u64> {
    received.filter(|received| {
        *received > 0 && waited_for.is_none_or(|waited_for| *received >= waited_for)
    })
}

#[cfg(test)]
mod tests {
    use super::next_index;

    #[test]
    fn next_index_begins_anew_when_it_goes_back_or_is_zero() {
        let beyond_a_double = 9_007_199_254_740_993;
        for (waited_for, received, next) in [
            (None, Some(7), Some(7)),
            (Some(7), Some(7), Some(7)),
            (Some(7), Some(beyond_a_double), Some(beyond_a_double)),
            (Some(7), Some(6), None),
            (None, Some(0), None),
            (Some(7), None, None),
        ] {
            assert_eq!(next_index(waited_for, received), next);
        }
    }
}
