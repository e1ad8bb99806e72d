//! Of one key, one message at a time is on its way, in the order in which they were sent: so nothing overtakes, whatever
//! is lost or sent again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

type Lane = Arc<tokio::sync::Mutex<()>>;

#[derive(Debug, Default)]
pub(crate) struct Lanes(Mutex<(HashMap<String, Lane>, usize)>);

impl Lanes {
    /// Waits until all that entered before have left, by dropping what they got.
    pub async fn enter(&self, key: String) -> OwnedMutexGuard<()> {
        let lane = {
            let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (lanes, sweep_at) = &mut *guard;
            // Lanes that nobody is in are swept whenever there are twice as many as after the last time.
            if lanes.len() >= *sweep_at {
                lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
                *sweep_at = (lanes.len() * 2).max(64);
            }
            Arc::clone(lanes.entry(key).or_default())
        };
        lane.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn enter_lets_one_in_and_keys_beside_each_other() {
        let lanes = Lanes::default();
        let first = lanes.enter("a".to_owned()).await;
        assert!(lanes.enter("a".to_owned()).now_or_never().is_none());
        assert!(lanes.enter("b".to_owned()).now_or_never().is_some());
        drop(first);
        assert!(lanes.enter("a".to_owned()).now_or_never().is_some());
    }

    #[tokio::test]
    async fn lanes_that_are_empty_are_swept() {
        let lanes = Lanes::default();
        for key in 0..1_000 {
            drop(lanes.enter(key.to_string()).await);
        }
        assert!(lanes.0.lock().unwrap().0.len() <= 64);
    }
}
