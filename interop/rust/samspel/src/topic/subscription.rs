//! A named group's share of a topic, in this instance (T2).

use std::future::Future;

use prost::{Message as ProtoMessage, Name};

use super::{Handler, Message, Topic};
use crate::broker::{park, Delivery, Trouble, Work};
use crate::context::Context;
use crate::error::{chain, Error};
use crate::failure::Failure;

pub(crate) struct Subscription<M, H> {
    pub topic: Topic<M>,
    pub group: String,
    pub attempts: u32,
    pub handler: H,
}

impl<M, H> Work for Subscription<M, H>
where
    M: ProtoMessage + Name + Default + 'static,
    H: Handler<M>,
{
    fn topic(&self) -> &str {
        &self.topic.name
    }

    fn group(&self) -> &str {
        &self.group
    }

    fn attempts(&self) -> u32 {
        self.attempts
    }

    fn partitions(&self) -> u32 {
        self.topic.partitions
    }

    fn subject(&self, partition: u32) -> String {
        self.topic.subject(partition)
    }

    async fn ensure(&self) -> Result<String, Error> {
        self.topic
            .ensure(&self.topic.broker.jetstream().await?)
            .await
    }

    async fn attempt(&self, delivery: &Delivery) -> Result<(), Trouble> {
        let message = Message::read(&self.topic, delivery)
            .map_err(|error| Trouble::Final(format!("it is no {}: {error}", M::full_name())))?;
        let context = Context::of_message(|name| message.header(name));
        let handling: std::pin::Pin<Box<dyn Future<Output = _> + Send>> =
            Box::pin(self.handler.handle(message));
        context
            .scope(handling)
            .await
            .map_err(|failure| match failure {
                Failure::Unavailable(source) => Trouble::Waits(chain(&*source)),
                Failure::Rejected(status) => Trouble::Failed(status.message().to_owned()),
                Failure::Other(source) => Trouble::Failed(chain(&*source)),
            })
    }

    async fn bury(&self, delivery: &Delivery, error: &str, _: bool) -> Result<(), Error> {
        park(
            &self.topic.broker,
            &self.group,
            &self.topic.name,
            delivery,
            error,
        )
        .await
    }
}
