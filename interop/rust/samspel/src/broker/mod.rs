//! NATS, as topics and tells use it.

mod connection;
mod consumer;
mod dead_letter;
mod lanes;
mod publication;
mod streams;

pub(crate) use connection::Broker;
pub(crate) use consumer::{Delivery, Trouble, Work, consume};
pub(crate) use dead_letter::park;
pub(crate) use publication::{Headers, Publication, random_id};
pub(crate) use streams::{ensure, partitions_in, topic_stream};
