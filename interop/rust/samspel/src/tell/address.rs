//! Where tells and their replies lie in `JetStream`: the same in every language. `interop/vectors/tells.json` holds all
//! languages to it. Names are without the topic prefix.

use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use base64::Engine as _;
use sha2::{Digest, Sha256};

use crate::headers::encode_value;
use crate::partitions::partition_of;

/// How many partitions the tells of a proto service have; fixed for ever.
pub(super) const PARTITIONS: u32 = 16;
/// The consumer group that handles tells.
pub(super) const GROUP: &str = "handler";
pub(super) const REPLY_STREAM: &str = "tell_replies";

const TOKEN_CHARACTERS: usize = 32;

/// The stream of a proto service's tells.
pub(super) fn stream(service: &str) -> String {
    format!("tell_{}", service.replace('.', "_"))
}

/// The topic that its subjects and dead letters are named after.
pub(super) fn topic(service: &str) -> String {
    format!("tell.{service}")
}

/// The subject of a key's tells.
pub(super) fn subject(service: &str, key: &str) -> String {
    format!("{}.{}", topic(service), partition_of(key, PARTITIONS))
}

/// What stands for a tell in subjects: an id counts for one method and one key.
pub(super) fn token(service: &str, method: &str, key: &str, id: &str) -> String {
    let digest = Sha256::digest([service, method, key, id].join("\n"));
    let mut token = BASE64_URL_SAFE_NO_PAD.encode(digest);
    token.truncate(TOKEN_CHARACTERS);
    token
}

/// What `JetStream` and inboxes know a tell by.
pub(crate) fn message_id(method: &str, key: &str, id: &str) -> String {
    format!(
        "{method}/{}/{}",
        encode_value(key).replace('/', "%2F"),
        encode_value(id)
    )
}

/// Where it is kept what came of a tell.
pub(super) fn reply_subject(service: &str, token: &str) -> String {
    format!("reply.{service}.{token}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_every_language() {
        let vectors = crate::vectors::read("tells");
        for vector in crate::vectors::list(&vectors["vectors"]) {
            let text = |name: &str| vector[name].as_str().unwrap_or_default();
            let (service, method, key, id) =
                (text("service"), text("method"), text("key"), text("id"));
            let token = token(service, method, key, id);
            assert_eq!(stream(service), text("stream"));
            assert_eq!(subject(service, key), text("subject"));
            assert_eq!(message_id(method, key, id), text("messageId"));
            assert_eq!(token, text("token"));
            assert_eq!(reply_subject(service, &token), text("replySubject"));
        }
    }
}
