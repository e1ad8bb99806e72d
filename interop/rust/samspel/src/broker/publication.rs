//! Sends a message until `JetStream` has it (T1, T5).

use std::str::FromStr;
use std::time::Duration;

use async_nats::jetstream::context::PublishErrorKind;
use async_nats::{HeaderMap, HeaderName};
use bytes::Bytes;
use serde_json::Value;
use tokio::time::{sleep, timeout_at, Instant};

use super::connection::Broker;
use super::streams::ensure;
use crate::context::Context;
use crate::error::{BoxError, Error};
use crate::headers::encode_value;
use crate::timestamp;

const TRY: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(100);
const OWN_PREFIXES: [&str; 3] = ["ce-", "nats-", "samspel-"];

/// A message as it is to be stored. `stream` is made where it is missing.
pub(crate) struct Publication {
    pub subject: String,
    pub stream: Value,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub timeout: Duration,
}

impl Publication {
    /// Returns when `JetStream` has acked. It is sent again, under the same id, until then or until its time is over.
    pub async fn store(self, broker: &Broker, what: &str) -> Result<(), Error> {
        let ends_at = Instant::now() + self.timeout;
        let mut trouble: BoxError = "no acknowledgement".into();
        while Instant::now() < ends_at {
            match timeout_at(ends_at.min(Instant::now() + TRY), self.send(broker)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error @ (Error::Configuration(_) | Error::Declaration(_)))) => {
                    return Err(error)
                }
                Ok(Err(error)) => trouble = error.into(),
                Err(_) => {}
            }
            sleep(PAUSE).await;
        }
        let seconds = self.timeout.as_secs_f64();
        Err(Error::unavailable(
            format!(
                "{what} is not known to be stored after {seconds} s; try again with the same id"
            ),
            trouble,
        ))
    }

    async fn send(&self, broker: &Broker) -> Result<(), Error> {
        let js = broker.jetstream().await?;
        let sent = async {
            js.publish_with_headers(
                self.subject.clone(),
                self.headers.clone(),
                self.body.clone(),
            )
            .await?
            .await
        };
        match sent.await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == PublishErrorKind::StreamNotFound => {
                ensure(&js, &self.stream).await?;
                Err(Error::unavailable("the stream was missing", error))
            }
            Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => Err(
                Error::Declaration(format!("Cannot publish to {}: {error}", self.subject)),
            ),
            Err(error) => Err(Error::unavailable("the broker did not store it", error)),
        }
    }
}

/// The headers of a message: those of the program, then `CloudEvents`' and the trace (T3).
pub(crate) struct Headers(HeaderMap);

impl Headers {
    /// The program's own. Names that belong to the contract are not theirs to set, and are left out.
    pub fn new(own: &[(String, String)]) -> Result<Self, Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in own {
            let lower = name.to_ascii_lowercase();
            if OWN_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
                || lower == "content-type"
            {
                continue;
            }
            let name = HeaderName::from_str(name).map_err(|error| {
                Error::Declaration(format!("Cannot send the header {name:?}: {error}"))
            })?;
            headers.insert(name, encode_value(value).as_str());
        }
        for (name, value) in Context::current().trace() {
            if let (None, Ok(value)) = (headers.get(name.as_str()), value.to_str()) {
                headers.insert(name.as_str(), encode_value(value).as_str());
            }
        }
        Ok(Self(headers))
    }

    /// `CloudEvents` 1.0, and what `JetStream` knows the message by.
    pub fn event(
        mut self,
        message_id: &str,
        id: &str,
        source: &str,
        kind: &str,
        key: &str,
    ) -> HeaderMap {
        let id = encode_value(id);
        for (name, value) in [
            ("Nats-Msg-Id", message_id),
            ("ce-specversion", "1.0"),
            ("ce-id", &id),
            ("ce-source", &format!("/samspel/{}", encode_value(source))),
            ("ce-type", kind),
            ("ce-time", &timestamp::now()),
            ("ce-partitionkey", &encode_value(key)),
            ("content-type", "application/protobuf"),
        ] {
            self.0.insert(name, value);
        }
        self.0
    }
}

/// A random UUID, version 4.
pub(crate) fn random_id() -> String {
    let bits = (rand::random::<u128>() & !(0xf << 76) & !(0b11 << 62)) | (4 << 76) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_id_is_a_uuid_of_version_four() {
        let (one, other) = (random_id(), random_id());
        assert_ne!(one, other);
        assert_eq!(one.len(), 36);
        assert_eq!(&one[14..15], "4");
        assert!(matches!(&one[19..20], "8" | "9" | "a" | "b"), "{one}");
    }

    #[test]
    fn headers_are_those_of_every_language() {
        let vectors = crate::vectors::read("headers");
        let (event, expected) = (&vectors["event"], &vectors["message"]);
        let text = |name: &str| event[name].as_str().unwrap();
        let own: Vec<_> = event["headers"].as_object().unwrap().iter().collect();
        let own: Vec<_> = own
            .into_iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        let id = text("id");
        let message = Headers::new(&own).unwrap().event(
            &encode_value(id),
            id,
            text("service"),
            text("type"),
            text("key"),
        );
        // The subject is a topic's alone, and the time is now.
        for (name, value) in expected.as_object().unwrap() {
            if name != "ce-subject" && name != "ce-time" {
                assert_eq!(
                    message.get(name.as_str()).unwrap().as_str(),
                    value.as_str().unwrap(),
                    "{name}"
                );
            }
        }
        assert_eq!(message.len(), expected.as_object().unwrap().len() - 1);
    }

    #[test]
    fn headers_refuse_a_name_that_would_break_the_message() {
        assert!(Headers::new(&[("a:b".to_owned(), "x".to_owned())]).is_err());
    }
}
