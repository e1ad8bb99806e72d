//! Publishes to a topic (T1).

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use prost::{Message as ProtoMessage, Name};

use super::Topic;
use crate::broker::{random_id, Headers, Publication};
use crate::error::Error;
use crate::partitions::partition_of;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A message that is published when this is awaited. Made by [`Topic::publish`].
#[must_use = "a message is published when this is awaited"]
#[derive(Debug)]
pub struct Publish<'a, M> {
    topic: &'a Topic<M>,
    message: M,
    id: Option<String>,
    headers: Vec<(String, String)>,
    timeout: Duration,
}

impl<M: ProtoMessage + Name + Default> Topic<M> {
    /// Publishes a message: returns when `JetStream` has it. Of one key, messages of this process go one at a time, in the
    /// order of the calls.
    ///
    /// Awaiting fails with [`Error::Unavailable`] where it is not known to be stored within 10 s; it may be all the
    /// same, so try again with the same [`id`](Publish::id). Within 2 minutes `JetStream` drops a second one.
    pub fn publish(&self, message: M) -> Publish<'_, M> {
        Publish {
            topic: self,
            message,
            id: None,
            headers: Vec::new(),
            timeout: TIMEOUT,
        }
    }
}

impl<M> Publish<'_, M> {
    /// What the message is known by. Default: a random UUID.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// A header of your own; any text.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// How long to try. Default 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl<'a, M: ProtoMessage + Name + Default + 'a> IntoFuture for Publish<'a, M> {
    type Output = Result<(), Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self {
            topic,
            message,
            id,
            headers,
            timeout,
        } = self;
        let body = bytes::Bytes::from(message.encode_to_vec());
        let headers = Headers::new(&headers);
        Box::pin(async move {
            let id = id.unwrap_or_else(random_id);
            let key = topic
                .descriptors
                .key_of(&M::full_name(), &body)
                .map_err(|error| {
                    Error::Declaration(format!("Cannot read the key of a message: {error}"))
                })?;
            let broker = &topic.broker;
            let mut headers = headers?.event(
                &crate::headers::encode_value(&id),
                &id,
                broker.service(),
                &M::full_name(),
                &key,
            );
            headers.insert("ce-subject", crate::headers::encode_value(&key).as_str());
            let _lane = broker.lanes().enter(format!("{}\n{key}", topic.name)).await;
            let publication = Publication {
                subject: topic.subject(partition_of(&key, topic.partitions)),
                stream: topic.stream(),
                headers,
                body,
                timeout,
            };
            publication.store(broker, "the message").await
        })
    }
}
