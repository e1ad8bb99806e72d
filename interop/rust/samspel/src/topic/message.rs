//! A topic's message, as handlers get it (T3).

use std::collections::HashMap;

use prost::{DecodeError, Message as ProtoMessage, Name};

use super::Topic;
use crate::broker::Delivery;
use crate::headers::read_headers;

/// What happened, with what travels beside it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Message<M> {
    /// The same for every delivery of the same message, also when it is published twice: what an inbox remembers.
    pub id: String,
    /// The ordering key: messages of one key are handled in order.
    pub key: String,
    /// What was published.
    pub body: M,
    /// All headers, `CloudEvents` attributes and the publisher's own; by their names in lower case, decoded.
    pub headers: HashMap<String, String>,
    /// Which attempt this is: 1, 2, 3 …
    pub attempt: u32,
    /// The stream that keeps it.
    pub stream: String,
    /// Its number in the stream.
    pub sequence: u64,
}

impl<M> Message<M> {
    /// A header by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl<M: ProtoMessage + Name + Default> Message<M> {
    pub(super) fn read(topic: &Topic<M>, delivery: &Delivery) -> Result<Self, DecodeError> {
        let (body, headers) = (delivery.body(), read_headers(delivery.headers()));
        let Delivery {
            stream,
            sequence,
            attempt,
            ..
        } = delivery;
        let named = ["ce-id", "nats-msg-id"]
            .into_iter()
            .find_map(|name| headers.get(name))
            .cloned();
        Ok(Self {
            id: named.unwrap_or_else(|| format!("{stream}/{sequence}")),
            key: topic.descriptors.key_of(&M::full_name(), &body)?,
            body: M::decode(body)?,
            headers,
            attempt: *attempt,
            stream: stream.clone(),
            sequence: *sequence,
        })
    }
}
