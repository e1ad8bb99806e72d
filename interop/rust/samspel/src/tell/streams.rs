//! The streams of tells and of their replies. Whoever comes first makes them, alike in every language.

use serde_json::{json, Value};

use super::address::{stream, PARTITIONS, REPLY_STREAM};

const SECOND_NS: u64 = 1_000_000_000;

pub(super) fn tell_stream(prefix: &str, service: &str) -> Value {
    json!({
        "name": format!("{prefix}{}", stream(service)),
        "subjects": [format!("{prefix}tell.{service}.*"), format!("{prefix}later.{service}.*")],
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "metadata": { "samspel-partitions": PARTITIONS.to_string() },
        "duplicate_window": 120 * SECOND_NS,
        "allow_msg_schedules": true,
    })
}

pub(super) fn reply_stream(prefix: &str) -> Value {
    json!({
        "name": format!("{prefix}{REPLY_STREAM}"),
        "subjects": [format!("{prefix}reply.>")],
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "max_msgs_per_subject": 1,
        "max_age": 7 * 24 * 3600 * SECOND_NS,
        "allow_direct": true,
    })
}
