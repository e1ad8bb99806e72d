//! All four kinds of methods.

use std::time::Duration;

use futures_util::{stream, StreamExt, TryStreamExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{same, Passed};
use crate::api::{ChatRequest, CountRequest, EchoRequest, SumRequest};
use crate::driver::Run;

pub async fn unary(run: &Run<'_>) -> Passed {
    for text in [String::new(), "grün ✓".to_owned(), "x".repeat(1024 * 1024)] {
        let answer = run
            .client()
            .echo(EchoRequest { text: text.clone() })
            .await?
            .into_inner();
        same("length", answer.text.len(), text.len())?;
        same("text", answer.text == text, true)?;
    }
    Ok(())
}

pub async fn server_stream(run: &Run<'_>) -> Passed {
    let mut client = run.client();
    let answers = client
        .count(CountRequest {
            to: 1_000,
            pause_ms: 0,
        })
        .await?
        .into_inner();
    let numbers: Vec<_> = answers.map_ok(|answer| answer.number).try_collect().await?;
    same("numbers", numbers, (1..=1_000).collect())?;

    let endless = client
        .count(CountRequest { to: 0, pause_ms: 1 })
        .await?
        .into_inner();
    let first: Vec<_> = endless
        .take(3)
        .map_ok(|answer| answer.number)
        .try_collect()
        .await?;
    same("the numbers before it was left", first, vec![1, 2, 3])?;
    same(
        "the answer after that",
        client
            .echo(EchoRequest { text: "on".into() })
            .await?
            .into_inner()
            .text,
        "on".into(),
    )
}

pub async fn client_stream(run: &Run<'_>) -> Passed {
    let mut client = run.client();
    let answer = client
        .sum(stream::iter(
            (1..=1_000).map(|number| SumRequest { number }),
        ))
        .await?
        .into_inner();
    same(
        "sum and count",
        (answer.sum, answer.count),
        (500_500, 1_000),
    )?;
    let nothing = client.sum(stream::empty()).await?.into_inner();
    same(
        "sum and count of nothing",
        (nothing.sum, nothing.count),
        (0, 0),
    )
}

pub async fn bidi_stream(run: &Run<'_>) -> Passed {
    let (texts, requests) = mpsc::channel(1);
    let text = |text: &str| ChatRequest {
        text: text.to_owned(),
    };
    texts.send(text("a")).await?;
    let mut answers = run
        .client()
        .chat(ReceiverStream::new(requests))
        .await?
        .into_inner();
    same(
        "the first answer",
        next(&mut answers).await?,
        Some("A".into()),
    )?;
    texts.send(text("b")).await?;
    same(
        "the second answer",
        next(&mut answers).await?,
        Some("B".into()),
    )?;
    drop(texts);
    same("the end", next(&mut answers).await?, None)
}

async fn next(
    answers: &mut tonic::Streaming<crate::api::ChatResponse>,
) -> Result<Option<String>, samspel::BoxError> {
    let answer = tokio::time::timeout(Duration::from_secs(5), answers.message()).await??;
    Ok(answer.map(|answer| answer.text))
}
