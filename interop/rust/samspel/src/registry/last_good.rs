//! What is known of a target, whatever the registry says (R5).
//!
//! An agent that was restarted without its state, or a token that has expired, answers with an empty list and success.
//! So an empty answer after a good one is doubted: the last good set is kept for a grace period, which runs only while
//! the registry answers. A registry that does not answer takes nothing away.

use std::time::Duration;

use tokio::time::Instant;

use super::instance::Instance;

pub(super) const GRACE: Duration = Duration::from_secs(10);

/// The set of one target.
#[derive(Debug, Default)]
pub(super) struct LastGood {
    current: Vec<Instance>,
    doubted_since: Option<Instant>,
}

impl LastGood {
    pub fn current(&self) -> &[Instance] {
        &self.current
    }

    /// The registry answered.
    pub fn answer(&mut self, instances: Vec<Instance>, now: Instant) {
        if !instances.is_empty() {
            self.current = instances;
            self.doubted_since = None;
        } else if !self.current.is_empty() {
            let since = *self.doubted_since.get_or_insert(now);
            if now >= since + GRACE {
                self.current.clear();
                self.doubted_since = None;
            }
        }
    }

    /// The registry does not answer.
    pub fn unreachable(&mut self) {
        self.doubted_since = None;
    }

    /// When the same empty answer would be believed.
    pub fn believed_at(&self) -> Option<Instant> {
        self.doubted_since.map(|since| since + GRACE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(id: &str) -> Vec<Instance> {
        let (tags, meta) = (Vec::new(), std::collections::BTreeMap::new());
        vec![Instance {
            id: id.into(),
            service: "s".into(),
            address: "127.0.0.1".into(),
            port: 1,
            tags,
            meta,
        }]
    }

    #[test]
    fn answer_of_none_is_believed_after_the_grace_only() {
        let start = Instant::now();
        let mut known = LastGood::default();
        known.answer(some("a"), start);
        known.answer(Vec::new(), start);
        assert_eq!(known.believed_at(), Some(start + GRACE));
        known.answer(Vec::new(), start + GRACE - Duration::from_millis(1));
        assert_eq!(known.current().len(), 1);
        known.answer(Vec::new(), start + GRACE);
        assert!(known.current().is_empty());
    }

    #[test]
    fn answer_of_some_ends_the_doubt_and_one_that_left_is_gone_at_once() {
        let start = Instant::now();
        let mut known = LastGood::default();
        known.answer(some("a"), start);
        known.answer(Vec::new(), start);
        known.answer(some("b"), start + GRACE / 2);
        assert_eq!(
            (known.current()[0].id.as_str(), known.believed_at()),
            ("b", None)
        );
    }

    #[test]
    fn unreachable_takes_nothing_away_and_begins_the_grace_anew() {
        let start = Instant::now();
        let mut known = LastGood::default();
        known.answer(some("a"), start);
        known.answer(Vec::new(), start);
        known.unreachable();
        known.answer(Vec::new(), start + GRACE * 3);
        assert_eq!(known.current().len(), 1);
    }
}
