//! The scenarios by their names in `interop/README.md`, and what they look with.

pub mod around;
pub mod calls;
pub mod ends;
pub mod instances;
pub mod messages;

use std::fmt::Debug;
use std::time::Duration;

use samspel::BoxError;
use tokio::time::{sleep, Instant};
use tonic::{Code, Status};

type Passed = Result<(), BoxError>;

#[expect(clippy::needless_pass_by_value, reason = "as a test says it")]
fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Passed {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: expected {expected:?}, found {found:?}").into())
}

/// The error of a call that must fail with a code.
fn failure<T>(what: &str, code: Code, answer: Result<T, Status>) -> Result<Status, BoxError> {
    let Err(status) = answer else {
        return Err(format!("{what}: did not fail").into());
    };
    same(
        &format!("{what}: code of {:?}", status.message()),
        status.code(),
        code,
    )?;
    Ok(status)
}

/// Lets a loop look again and again, until its time is over.
struct Patience {
    what: String,
    within: Duration,
    end: Instant,
}

impl Patience {
    fn new(what: impl Into<String>, within: Duration) -> Self {
        Self {
            what: what.into(),
            within,
            end: Instant::now() + within,
        }
    }

    async fn wait(&self) -> Passed {
        if Instant::now() > self.end {
            return Err(format!("{}: not within {} s", self.what, self.within.as_secs()).into());
        }
        sleep(Duration::from_millis(50)).await;
        Ok(())
    }
}
