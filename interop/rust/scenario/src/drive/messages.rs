//! What is published and told.

use std::future::IntoFuture;
use std::time::Duration;

use futures_util::future::try_join_all;
use samspel::{error_detail, Error};
use tonic::Code;

use super::{same, Passed};
use crate::api::{HappenedEvent, NoteRequest};
use crate::driver::Run;

const KEYS: usize = 20;
const NUMBERS: u32 = 10;

pub async fn topic(run: &Run<'_>) -> Passed {
    let (topic, prefix) = (&run.driver.happened, run.parameter("run")?);
    let mut published = Vec::new();
    for number in 1..=NUMBERS {
        for key in (0..KEYS).map(|key| format!("k-{key}")) {
            let id = format!("{prefix}/{key}/{number}");
            let event = HappenedEvent {
                key,
                number,
                poison: false,
            };
            for _ in 0..2 {
                let message = topic
                    .publish(event.clone())
                    .id(&id)
                    .header("x-tenant", "grün");
                published.push(message.into_future());
            }
        }
    }
    try_join_all(published).await?;
    Ok(())
}

pub async fn tell(run: &Run<'_>) -> Passed {
    let request = NoteRequest {
        key: run.parameter("key")?.into(),
        text: "told".into(),
    };
    let tell = || {
        let tell = run.driver.teller.tell(&run.driver.note, request.clone());
        tell.id(run.parameter("id").unwrap_or_default())
            .header("x-tenant", "grün")
    };
    for receipt in [tell().await?, tell().await?] {
        same(
            "count",
            receipt.reply(Duration::from_secs(15)).await?.count,
            1,
        )?;
    }
    Ok(())
}

pub async fn tell_rejected(run: &Run<'_>) -> Passed {
    let request = NoteRequest {
        key: "reject".into(),
        text: "told".into(),
    };
    let receipt = run
        .driver
        .teller
        .tell(&run.driver.note, request)
        .id(run.parameter("id")?)
        .await?;
    match receipt.reply(Duration::from_secs(5)).await {
        Err(Error::TellFailed { status, .. }) => {
            same("code", status.code(), Code::FailedPrecondition)?;
            same(
                "reason",
                error_detail(&status).map(|detail| detail.code),
                Some("SCENARIO_REJECTED".into()),
            )
        }
        other => Err(format!("the tell did not fail as it must: {other:?}").into()),
    }
}
