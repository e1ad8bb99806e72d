//! What came of a tell.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use async_nats::Client;
use bytes::Bytes;
use futures_util::StreamExt;
use prost::Message;
use tokio::time::{timeout, Instant};
use tonic::Code;

use super::address::{reply_subject, REPLY_STREAM};
use crate::broker::Broker;
use crate::error::Error;
use crate::failure::{status_with, Rejection};
use crate::v1::tell_reply::Outcome;
use crate::v1::TellReply;

const TRY: Duration = Duration::from_secs(2);
/// A reply that was on its way to where it is kept, or came while the connection was lost, is found by looking again, each
/// time after twice as long.
const FIRST_LOOK: Duration = Duration::from_millis(250);
const LONGEST_LOOK: Duration = Duration::from_secs(30);

/// Stands for a tell that is stored. The reply is kept for 7 days.
pub struct Receipt<R> {
    broker: Broker,
    service: String,
    id: String,
    token: String,
    response: PhantomData<fn() -> R>,
}

impl<R> fmt::Debug for Receipt<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("id", &self.id)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

impl<R> Receipt<R> {
    pub(super) fn new(broker: Broker, service: String, id: String, token: String) -> Self {
        Self {
            broker,
            service,
            id,
            token,
            response: PhantomData,
        }
    }

    /// The tell's id: the command id that its handler gets.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// With it any process, in any language, finds the reply.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl<R: Message + Default> Receipt<R> {
    /// Waits for the reply for at most so long.
    ///
    /// # Errors
    ///
    /// [`Error::TellFailed`] where the handler rejected the tell, or it was given up; [`Error::Timeout`] where there is
    /// no reply yet: it may come later; [`Error::Unavailable`] where the broker is away.
    pub async fn reply(&self, within: Duration) -> Result<R, Error> {
        let ends_at = Instant::now() + within;
        let prefix = self.broker.prefix();
        let (_, token) = self.token.split_once('-').unwrap_or(("", &self.token));
        let subject = format!("{prefix}{}", reply_subject(&self.service, token));
        let client = self.broker.client().await?;
        // Who listens first and looks then misses nothing.
        let mut heard = client
            .subscribe(subject.clone())
            .await
            .map_err(|error| Error::unavailable("Cannot wait for the reply", error))?;
        let mut look = FIRST_LOOK;
        loop {
            if let Some(found) = last(client, &format!("{prefix}{REPLY_STREAM}"), &subject).await {
                return read_reply(&found);
            }
            let left = ends_at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Timeout(format!(
                    "the tell {} has no reply after {} s",
                    self.id,
                    within.as_secs_f64()
                )));
            }
            if let Ok(Some(message)) = timeout(left.min(look), heard.next()).await {
                return read_reply(&message.payload);
            }
            look = (look * 2).min(LONGEST_LOOK);
        }
    }
}

async fn last(client: &Client, stream: &str, subject: &str) -> Option<Bytes> {
    let asked = client.request(
        format!("$JS.API.DIRECT.GET.{stream}.{subject}"),
        Bytes::new(),
    );
    let message = timeout(TRY, asked).await.ok()?.ok()?;
    let is_there = message
        .headers
        .as_ref()
        .is_none_or(|headers| headers.get("Status").is_none());
    (is_there && message.status.is_none()).then_some(message.payload)
}

fn read_reply<R: Message + Default>(data: &Bytes) -> Result<R, Error> {
    let unreadable = |error| Error::unavailable("the reply cannot be read", error);
    let reply = TellReply::decode(data.clone()).map_err(unreadable)?;
    match reply.outcome {
        Some(Outcome::Response(response)) => R::decode(&*response).map_err(unreadable),
        Some(Outcome::Failure(failure)) => Err(Error::TellFailed {
            status: Box::new(status_with(
                Code::from(failure.code),
                failure.message,
                failure.details,
            )),
            rejected: failure.rejected,
        }),
        Some(Outcome::TooLarge(_)) | None => {
            let gone = Rejection::new(Code::NotFound, "the reply was too large to be kept")
                .reason("SAMSPEL_REPLY_GONE");
            Err(Error::TellFailed {
                status: Box::new(gone.into()),
                rejected: false,
            })
        }
    }
}
