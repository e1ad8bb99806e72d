//! How many retries a channel may make: a fifth of its calls, and ten at once. A service that is ill is not made worse
//! by its callers' retries (gRFC A6).

use std::sync::atomic::{AtomicU32, Ordering};

const FULL: u32 = 50;
const EARNED: u32 = 1;
const SPENT: u32 = 5;

#[derive(Debug)]
pub(super) struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(FULL))
    }
}

impl Budget {
    /// A call begins.
    pub fn earn(&self) {
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                (tokens < FULL).then(|| tokens + EARNED)
            });
    }

    /// Whether one more retry is within the budget.
    pub fn spend(&self) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                tokens.checked_sub(SPENT)
            })
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spend_ends_after_ten_and_five_calls_earn_one() {
        let budget = Budget::default();
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 10);
        (0..5).for_each(|_| budget.earn());
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 1);
    }
}
