//! Instances that come, go, and are out of sight.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::future::try_join_all;
use samspel::BoxError;
use tokio::time::Instant;

use super::{same, Passed, Patience};
use crate::api::EchoRequest;
use crate::driver::Run;

const IN_A_ROW: usize = 100;

async fn served_by(run: &Run<'_>) -> Result<String, BoxError> {
    Ok(run
        .client()
        .echo(EchoRequest { text: "who".into() })
        .await?
        .into_inner()
        .served_by)
}

pub async fn discovery(run: &Run<'_>) -> Passed {
    if let Some(gone) = run.optional("gone") {
        return is_gone(run, gone).await;
    }
    let instances: usize = run.parameter("instances")?.parse()?;
    let mut seen = HashSet::new();
    let patience = Patience::new(
        format!("{instances} instances answer"),
        Duration::from_secs(15),
    );
    while seen.len() < instances {
        seen.insert(served_by(run).await?);
        patience.wait().await?;
    }
    let mut shares = HashMap::new();
    for _ in 0..IN_A_ROW {
        *shares.entry(served_by(run).await?).or_insert(0) += 1;
    }
    let fair = IN_A_ROW / instances / 5;
    let is_unfair = |name: &&String| shares.get(*name).copied().unwrap_or(0) < fair;
    same(
        &format!("without a fair share of {shares:?}"),
        seen.iter().find(is_unfair),
        None,
    )
}

/// Not seen in a hundred calls in a row.
async fn is_gone(run: &Run<'_>, gone: &str) -> Passed {
    let patience = Patience::new(format!("{gone} is gone"), Duration::from_secs(10));
    let mut without = 0;
    while without < IN_A_ROW {
        for _ in 0..20 {
            without = if served_by(run).await? == gone {
                0
            } else {
                without + 1
            };
        }
        patience.wait().await?;
    }
    Ok(())
}

/// Calls all the time, by so many callers.
pub async fn never_fails(run: &Run<'_>, callers: usize) -> Passed {
    let seconds: u64 = run.parameter("seconds")?.parse()?;
    let end = Instant::now() + Duration::from_secs(seconds);
    try_join_all((0..callers).map(|_| call_until(run, end))).await?;
    Ok(())
}

async fn call_until(run: &Run<'_>, end: Instant) -> Passed {
    while Instant::now() < end {
        run.client().echo(EchoRequest { text: "on".into() }).await?;
    }
    Ok(())
}
