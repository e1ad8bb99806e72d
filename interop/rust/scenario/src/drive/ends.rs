//! How calls end: by a deadline, by their caller, by an error.

use std::collections::HashMap;
use std::time::Duration;

use samspel::{error_detail, BoxError};
use tokio::time::Instant;
use tonic::{Code, Request};

use super::{failure, same, Passed, Patience};
use crate::api::{FailRequest, WaitEnd, WaitRequest, WaitedRequest};
use crate::driver::Run;

const LONG_MS: u32 = 10_000;
const SOON: Duration = Duration::from_secs(2);

pub async fn deadline(run: &Run<'_>) -> Passed {
    let id = format!("{}/late", run.parameter("run")?);
    let began = Instant::now();
    failure(
        "Wait",
        Code::DeadlineExceeded,
        run.client().wait(within(&id, LONG_MS, 300)).await,
    )?;
    same("it fails within 2 s", began.elapsed() < SOON, true)?;
    soon("the handler is told", run, &id, WaitEnd::Cancelled).await?;

    let left = run
        .client()
        .wait(within(&format!("{id}/5"), 1, 5_000))
        .await?
        .into_inner()
        .deadline_left_ms;
    same(
        &format!("{left} is 1 to 5,000"),
        (1..=5_000).contains(&left),
        true,
    )?;
    let request = WaitRequest {
        id: format!("{id}/default"),
        ms: 1,
    };
    let left = run
        .client()
        .wait(request)
        .await?
        .into_inner()
        .deadline_left_ms;
    same(
        &format!("{left} is 1 to 10,000"),
        (1..=10_000).contains(&left),
        true,
    )
}

fn within(id: &str, ms: u32, deadline_ms: u64) -> Request<WaitRequest> {
    let mut request = Request::new(WaitRequest {
        id: id.to_owned(),
        ms,
    });
    request.set_timeout(Duration::from_millis(deadline_ms));
    request
}

async fn soon(what: &str, run: &Run<'_>, id: &str, end: WaitEnd) -> Passed {
    let patience = Patience::new(what, SOON);
    let request = WaitedRequest { id: id.to_owned() };
    while run.client().waited(request.clone()).await?.get_ref().end() != end {
        patience.wait().await?;
    }
    Ok(())
}

pub async fn cancellation(run: &Run<'_>) -> Passed {
    let id = format!("{}/cancelled", run.parameter("run")?);
    let request = WaitRequest {
        id: id.clone(),
        ms: LONG_MS,
    };
    let mut client = run.client();
    // In Rust, who leaves a call drops it: nobody is there for an error.
    tokio::select! {
        answer = client.wait(request) => return Err(format!("Wait ended by itself: {answer:?}").into()),
        runs = soon("the handler runs", run, &id, WaitEnd::Waiting) => runs?,
    }
    soon("the handler is told", run, &id, WaitEnd::Cancelled).await
}

async fn refused(run: &Run<'_>, request: FailRequest, code: Code) -> Result<Detail, BoxError> {
    let status = failure("Fail", code, run.client().fail(request).await)?;
    let detail = error_detail(&status).ok_or("there is no ErrorDetail")?;
    Ok(Detail {
        message: status.message().to_owned(),
        reason: detail.code,
        retryable: detail.retryable,
        metadata: detail.metadata,
    })
}

#[derive(Debug, PartialEq)]
struct Detail {
    message: String,
    reason: String,
    retryable: bool,
    metadata: HashMap<String, String>,
}

pub async fn error_details(run: &Run<'_>) -> Passed {
    let late = Detail {
        message: "zu spät".into(),
        reason: "SCENARIO_LATE".into(),
        retryable: false,
        metadata: HashMap::from([("limit".into(), "3".into())]),
    };
    let away = Detail {
        message: "away".into(),
        reason: "SCENARIO_AWAY".into(),
        retryable: true,
        metadata: HashMap::new(),
    };
    for (code, expected) in [(Code::FailedPrecondition, late), (Code::Unavailable, away)] {
        let request = FailRequest {
            crash: false,
            code: code.into(),
            message: expected.message.clone(),
            reason: expected.reason.clone(),
            retryable: expected.retryable,
            metadata: expected.metadata.clone(),
        };
        same("the error", refused(run, request, code).await?, expected)?;
    }
    Ok(())
}

pub async fn unknown_error(run: &Run<'_>) -> Passed {
    let request = FailRequest {
        crash: true,
        message: "secret".into(),
        ..FailRequest::default()
    };
    let status = failure("Fail", Code::Internal, run.client().fail(request).await)?;
    same("message", status.message(), "internal error")?;
    same("details", status.details().is_empty(), true)
}
