//! NATS, as topics and tells use it.

mod connection;
mod consumer;
mod dead_letter;
mod lanes;
mod publication;
mod streams;

pub(crate) use connection::Broker;
pub(crate) use consumer::{consume, Delivery, Trouble, Work};
pub(crate) use dead_letter::park;
pub(crate) use publication::{random_id, Headers, Publication};
pub(crate) use streams::{ensure, partitions_in, topic_stream};
