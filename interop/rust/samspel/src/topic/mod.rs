//! Topics: what happened, for whoever cares (docs/concepts/topics.md).

mod handler;
#[cfg(feature = "postgres")]
mod inbox_handler;
mod message;
mod publish;
mod subscription;

use std::fmt;
use std::marker::PhantomData;

use async_nats::jetstream::context::Context;
use prost::{Message as ProtoMessage, Name};
use serde_json::Value;

use crate::broker::{ensure, partitions_in, topic_stream, Broker};
use crate::descriptors::Descriptors;
use crate::error::Error;

pub use handler::Handler;
#[cfg(feature = "postgres")]
pub use inbox_handler::InboxHandler;
#[cfg(feature = "postgres")]
pub(crate) use inbox_handler::WithInbox;
pub use message::Message;
pub use publish::Publish;
pub(crate) use subscription::Subscription;

/// The most that a topic method may say.
const MOST_PARTITIONS: u32 = 256;

/// A durable topic of messages of one type, as a proto file declares it.
pub struct Topic<M> {
    name: String,
    partitions: u32,
    descriptors: Descriptors,
    broker: Broker,
    message: PhantomData<fn() -> M>,
}

impl<M> Clone for Topic<M> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            partitions: self.partitions,
            descriptors: self.descriptors.clone(),
            broker: self.broker.clone(),
            message: PhantomData,
        }
    }
}

impl<M> fmt::Debug for Topic<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topic")
            .field("name", &self.name)
            .field("partitions", &self.partitions)
            .finish_non_exhaustive()
    }
}

impl<M: ProtoMessage + Name + Default> Topic<M> {
    pub(crate) fn declared(
        path: &str,
        descriptors: &Descriptors,
        broker: &Broker,
    ) -> Result<Self, Error> {
        let method = descriptors.typed::<crate::v1::SubscribeRequest, M>(path)?;
        let (name, partitions) = method.topic_place().ok_or_else(|| {
            Error::Declaration(format!(
                "Cannot use {path} as a topic: it has no option (samspel.v1.topic)"
            ))
        })?;
        if method.topic.as_ref().is_some_and(|options| options.live) {
            return Err(Error::Declaration(format!(
                "Cannot use {path} as it is a live topic, which is kept nowhere: this library has durable ones"
            )));
        }
        if partitions > MOST_PARTITIONS {
            return Err(Error::Declaration(format!(
                "Cannot use {path} as its partitions must be 1 to {MOST_PARTITIONS}: they are {partitions}"
            )));
        }
        if !descriptors.has_key(&M::full_name()) {
            return Err(Error::Declaration(format!(
                "Cannot use {path} as a topic: {} must have one field with the option (samspel.v1.key)",
                M::full_name()
            )));
        }
        let (descriptors, broker) = (descriptors.clone(), broker.clone());
        Ok(Self {
            name,
            partitions,
            descriptors,
            broker,
            message: PhantomData,
        })
    }
}

impl<M> Topic<M> {
    /// Its name: that of its option, else the full name of its method with dots.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Over how many instances a group can spread.
    #[must_use]
    pub fn partitions(&self) -> u32 {
        self.partitions
    }

    pub(crate) fn broker(&self) -> &Broker {
        &self.broker
    }

    fn stream(&self) -> Value {
        let prefix = self.broker.prefix();
        let name = format!("{prefix}{}", self.name.replace('.', "_"));
        topic_stream(&name, &self.subject("*"), Some(self.partitions))
    }

    /// The subject of one partition; of all of them where it is `*`.
    fn subject(&self, partition: impl fmt::Display) -> String {
        format!("{}topic.{}.{partition}", self.broker.prefix(), self.name)
    }

    /// Makes the topic's stream where it is missing; one with another number of partitions is refused.
    async fn ensure(&self, js: &Context) -> Result<String, Error> {
        let config = self.stream();
        let found = ensure(js, &config).await?;
        let (wanted, actual) = (self.partitions.to_string(), partitions_in(&found));
        let stream = config["name"].as_str().unwrap_or_default().to_owned();
        if actual != Some(&wanted) {
            return Err(Error::Configuration(format!(
                "Cannot use {} as its partitions must be {wanted}: stream {stream} has {}",
                self.name,
                actual.unwrap_or("an unknown number")
            )));
        }
        Ok(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partitions::partition_of;
    use crate::settings::Settings;

    fn topic(prefix: &str, name: &str, partitions: u32) -> Topic<crate::v1::ErrorDetail> {
        let variables = [
            ("NATS_URL", "nats://nowhere"),
            ("SAMSPEL_TOPIC_PREFIX", prefix),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let broker = Broker::new(&Settings::new("shipping", variables)).unwrap();
        let (name, descriptors) = (name.to_owned(), Descriptors::default());
        Topic {
            name,
            partitions,
            descriptors,
            broker,
            message: PhantomData,
        }
    }

    #[test]
    fn topics_lie_where_every_language_puts_them() {
        let vectors = crate::vectors::read("topics");
        for vector in crate::vectors::list(&vectors["vectors"]) {
            let partitions = u32::try_from(vector["partitions"].as_u64().unwrap()).unwrap();
            let text = |name: &str| vector[name].as_str().unwrap();
            let topic = topic(text("prefix"), text("topic"), partitions);
            let (made, expected) = (topic.stream(), &vector["stream"]);
            for name in ["name", "storage", "retention", "discard", "metadata"] {
                assert_eq!(made[name], expected[name], "{name}");
            }
            assert_eq!(
                made["duplicate_window"].as_u64(),
                expected["duplicate_window_ms"]
                    .as_u64()
                    .map(|ms| ms * 1_000_000)
            );
            // The second one is for those who fence; they add it.
            assert_eq!(made["subjects"][0], expected["subjects"][0]);
            for key in crate::vectors::list(&vector["keys"]) {
                let partition = partition_of(key["key"].as_str().unwrap(), partitions);
                assert_eq!(topic.subject(partition), key["subject"].as_str().unwrap());
            }
        }
    }
}
