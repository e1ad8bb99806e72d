//! Where messages go that a consumer gave up on: whole, with what went wrong (T2).

use std::time::Duration;

use async_nats::HeaderMap;

use super::connection::Broker;
use super::consumer::Delivery;
use super::publication::Publication;
use super::streams::topic_stream;
use crate::error::Error;
use crate::headers::readable;

const ERROR_CHARACTERS: usize = 1024;

/// Stores a dead letter; the same one a second time is dropped by its id. Returns only after the broker has it, so that
/// the message may be given up.
pub(crate) async fn park(
    broker: &Broker,
    group: &str,
    topic: &str,
    delivery: &Delivery,
    error: &str,
) -> Result<(), Error> {
    let mut headers = HeaderMap::new();
    for (name, values) in delivery.headers().into_iter().flat_map(HeaderMap::iter) {
        // What begins so is an order to the server about the first publishing.
        if !name.to_string().to_ascii_lowercase().starts_with("nats-") {
            for value in values {
                headers.append(name.clone(), value.clone());
            }
        }
    }
    let error: String = error.chars().take(ERROR_CHARACTERS).collect();
    let (stream, sequence) = (&delivery.stream, delivery.sequence.to_string());
    for (name, value) in [
        ("Nats-Msg-Id", &format!("{group}/{stream}/{sequence}")),
        ("Samspel-Error", &readable(&error)),
        ("Samspel-Attempts", &delivery.attempt.to_string()),
        ("Samspel-Group", &group.to_owned()),
        ("Samspel-Stream", stream),
        ("Samspel-Sequence", &sequence),
        ("Samspel-Subject", &delivery.subject().to_owned()),
    ] {
        headers.insert(name, value.as_str());
    }
    let prefix = broker.prefix();
    let publication = Publication {
        subject: format!("{prefix}dead.{group}.{topic}"),
        stream: topic_stream(
            &format!("{prefix}dead_letters"),
            &format!("{prefix}dead.>"),
            None,
        ),
        headers,
        body: delivery.body(),
        timeout: Duration::from_secs(5),
    };
    publication.store(broker, "the dead letter").await
}
