//! Streams: whoever comes first creates them, with the same configuration in every language. One that is there is taken
//! as it is.

use async_nats::jetstream::context::Context;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::ErrorCode;
use serde_json::{json, Value};

use crate::error::Error;

const PARTITIONS: &str = "samspel-partitions";
const DUPLICATE_WINDOW_NS: u64 = 120_000_000_000;

/// The configuration of a topic's stream.
pub(crate) fn topic_stream(name: &str, subject: &str, partitions: Option<u32>) -> Value {
    let mut config = json!({
        "name": name,
        "subjects": [subject],
        "storage": "file",
        "retention": "limits",
        "discard": "old",
        "duplicate_window": DUPLICATE_WINDOW_NS,
    });
    if let Some(partitions) = partitions {
        config["metadata"] = json!({ PARTITIONS: partitions.to_string() });
    }
    config
}

/// Creates a stream if there is none of that name, and returns the configuration of the one there is.
///
/// In JSON, and not in the client's types: those leave out what they do not know.
pub(crate) async fn ensure(js: &Context, config: &Value) -> Result<Value, Error> {
    let name = config["name"].as_str().unwrap_or_default();
    match ask(js, &format!("STREAM.INFO.{name}"), &Value::Null).await? {
        Ok(found) => return Ok(found),
        Err(error) if error.error_code() != ErrorCode::STREAM_NOT_FOUND => {
            return Err(refused(name, error))
        }
        Err(_) => {}
    }
    match ask(js, &format!("STREAM.CREATE.{name}"), config).await? {
        Ok(made) => Ok(made),
        // Another was faster.
        Err(error) if error.error_code() == ErrorCode::STREAM_NAME_EXIST => {
            ask(js, &format!("STREAM.INFO.{name}"), &Value::Null)
                .await?
                .map_err(|error| refused(name, error))
        }
        Err(error) => Err(refused(name, error)),
    }
}

/// The number of partitions that a stream was made with.
pub(crate) fn partitions_in(config: &Value) -> Option<&str> {
    config["metadata"][PARTITIONS].as_str()
}

type Answer = Result<Value, async_nats::jetstream::Error>;

async fn ask(js: &Context, subject: &str, payload: &Value) -> Result<Answer, Error> {
    let answer: Response<Value> = js
        .request(subject.to_owned(), payload)
        .await
        .map_err(|error| Error::unavailable("JetStream does not answer", error))?;
    Ok(match answer {
        Response::Ok(info) => Ok(info["config"].clone()),
        Response::Err { error } => Err(error),
    })
}

fn refused(name: &str, error: async_nats::jetstream::Error) -> Error {
    Error::unavailable(format!("JetStream refuses the stream {name}"), error)
}
