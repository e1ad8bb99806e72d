//! Takes the tells of a proto service that this one serves (T5): the same handlers as for calls.
//!
//! 1. The reply is kept before the tell counts as handled. Where that fails, the tell comes again.
//! 2. A tell comes at least once. What must happen once in effect, the handler notes in its inbox, in the transaction of
//!    its effect.
//! 3. What a handler rejects ends there, with the rejection as its reply, and as a dead letter; what else goes wrong is
//!    tried again; UNAVAILABLE is no fault of the tell, and no attempt of it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use async_nats::jetstream::context::Context;
use async_nats::HeaderMap;
use prost::Message;
use tonic::{Code, Status};

use super::address::{reply_subject, token, topic, GROUP, PARTITIONS};
use super::dispatch::dispatch;
use super::streams::{reply_stream, tell_stream};
use crate::broker::{ensure, park, Broker, Delivery, Trouble, Work};
use crate::error::{BoxError, Error};
use crate::failure::{error_detail, status_details, INTERNAL};
use crate::headers::{encode_value, read_headers};
use crate::server::Edge;
use crate::v1::tell_reply::Outcome;
use crate::v1::{TellFailure, TellReply};

const ATTEMPTS: u32 = 16;
/// With 16 attempts: a tell is given up after 3 to 7 minutes.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const HANDLER: Duration = Duration::from_secs(30);
const STORE: Duration = Duration::from_secs(5);

/// Another attempt would not change the word of a handler that says one of these.
const FINAL: [Code; 8] = [
    Code::InvalidArgument,
    Code::NotFound,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::Unauthenticated,
    Code::FailedPrecondition,
    Code::OutOfRange,
    Code::Unimplemented,
];

/// The tells of a proto service, in this instance.
pub(crate) struct Tells {
    broker: Broker,
    service: String,
    topic: String,
    edge: Edge,
    methods: Vec<String>,
    /// What the handlers of failed tells said, by sequence, until they are settled.
    failed: Mutex<HashMap<u64, Status>>,
}

struct Told {
    method: String,
    id: String,
    key: String,
    /// What reaches the handler as metadata.
    headers: Vec<(String, String)>,
}

impl Tells {
    /// `methods` are those of the proto service that may be told.
    pub fn new(broker: Broker, service: String, methods: Vec<String>, edge: Edge) -> Self {
        let topic = topic(&service);
        Self {
            broker,
            service,
            topic,
            edge,
            methods,
            failed: Mutex::default(),
        }
    }

    async fn keep(&self, told: &Told, outcome: Outcome) -> Result<(), BoxError> {
        let reply = TellReply {
            id: told.id.clone(),
            method: told.method.clone(),
            outcome: Some(outcome),
        };
        let token = token(&self.service, &told.method, &told.key, &told.id);
        let subject = format!(
            "{}{}",
            self.broker.prefix(),
            reply_subject(&self.service, &token)
        );
        let js: Context = self.broker.jetstream().await?;
        let stored = async {
            js.publish(subject, reply.encode_to_vec().into())
                .await?
                .await
        };
        tokio::time::timeout(STORE, stored).await??;
        Ok(())
    }

    fn remember(&self, sequence: u64, status: Option<Status>) -> Option<Status> {
        let mut failed = self
            .failed
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match status {
            Some(status) => failed.insert(sequence, status),
            None => failed.remove(&sequence),
        }
    }
}

impl Work for Tells {
    fn topic(&self) -> &str {
        &self.topic
    }

    fn group(&self) -> &str {
        GROUP
    }

    fn attempts(&self) -> u32 {
        ATTEMPTS
    }

    fn longest_wait(&self) -> Duration {
        LONGEST_WAIT
    }

    fn partitions(&self) -> u32 {
        PARTITIONS
    }

    fn subject(&self, partition: u32) -> String {
        format!("{}{}.{partition}", self.broker.prefix(), self.topic)
    }

    async fn ensure(&self) -> Result<String, Error> {
        let (js, prefix) = (self.broker.jetstream().await?, self.broker.prefix());
        ensure(&js, &reply_stream(prefix)).await?;
        let config = tell_stream(prefix, &self.service);
        ensure(&js, &config).await?;
        Ok(config["name"].as_str().unwrap_or_default().to_owned())
    }

    async fn attempt(&self, delivery: &Delivery) -> Result<(), Trouble> {
        let told = read(delivery.headers()).ok_or_else(|| {
            Trouble::Final("it lacks ce-id or samspel-method: it is no tell".to_owned())
        })?;
        if !self.methods.contains(&told.method) {
            // A later version's: that may be on its way to this instance, too.
            let Told { method, .. } = told;
            let text = format!(
                "{} has no method {method} to be told in this version: deploy one that has",
                self.service
            );
            return Err(Trouble::Failed(text));
        }
        let path = format!("/{}/{}", self.service, told.method);
        let body = delivery.body();
        match dispatch(
            self.edge.clone(),
            &path,
            &told.headers,
            &told.id,
            &body,
            HANDLER,
        )
        .await
        {
            Ok(response) => {
                self.remember(delivery.sequence, None);
                self.keep(&told, Outcome::Response(response.to_vec()))
                    .await
                    .map_err(|error| {
                        Trouble::Waits(format!("the reply could not be kept: {error}"))
                    })
            }
            Err(status) => {
                let text = format!("{:?}: {}", status.code(), status.message());
                let trouble = match status.code() {
                    Code::Unavailable => Trouble::Waits(text),
                    code if FINAL.contains(&code)
                        && !error_detail(&status).is_some_and(|detail| detail.retryable) =>
                    {
                        Trouble::Final(text)
                    }
                    _ => Trouble::Failed(text),
                };
                self.remember(delivery.sequence, Some(status));
                Err(trouble)
            }
        }
    }

    async fn bury(&self, delivery: &Delivery, error: &str, rejected: bool) -> Result<(), Error> {
        let status = self.remember(delivery.sequence, None);
        if let Some(told) = read(delivery.headers()) {
            let status = status.unwrap_or_else(|| Status::internal(INTERNAL));
            let failure = TellFailure {
                code: status.code() as i32,
                message: status.message().to_owned(),
                details: status_details(&status),
                rejected,
                attempts: delivery.attempt,
            };
            self.keep(&told, Outcome::Failure(failure))
                .await
                .map_err(|error| Error::unavailable("the reply could not be kept", error))?;
        }
        park(&self.broker, GROUP, &self.topic, delivery, error).await
    }
}

fn read(headers: Option<&HeaderMap>) -> Option<Told> {
    let decoded = read_headers(headers);
    let text = |name: &str| decoded.get(name).filter(|value| !value.is_empty()).cloned();
    let (method, id) = (text("samspel-method")?, text("ce-id")?);
    let is_own = |name: &str| {
        !["ce-", "nats-", "samspel-"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    };
    let headers = decoded
        .iter()
        .filter(|(name, _)| is_own(name) && *name != "content-type");
    // Metadata is ASCII: what is not stays encoded.
    let as_metadata = |value: &String| {
        if value.is_ascii() {
            value.clone()
        } else {
            encode_value(value)
        }
    };
    Some(Told {
        key: text("ce-partitionkey").unwrap_or_else(|| id.clone()),
        headers: headers
            .map(|(name, value)| (name.clone(), as_metadata(value)))
            .collect(),
        method,
        id,
    })
}
