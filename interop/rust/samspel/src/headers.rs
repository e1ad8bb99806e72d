//! Header values as they travel: printable ASCII, everything else percent-encoded.
//!
//! As `CloudEvents`' HTTP protocol binding 1.0.2 has it (section 3.1.3.2). So no value can break out of its header.

use std::borrow::Cow;
use std::collections::HashMap;

use async_nats::HeaderMap;
use percent_encoding::{percent_decode_str, utf8_percent_encode, AsciiSet, CONTROLS};

const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// A header's value as it travels.
pub(crate) fn encode_value(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

/// What a header says; a value that is not encoded well stays as it is.
pub(crate) fn decode_value(value: &str) -> String {
    percent_decode_str(value)
        .decode_utf8()
        .map_or_else(|_| value.to_owned(), Cow::into_owned)
}

/// All headers by their names in lower case, decoded.
pub(crate) fn read_headers(received: Option<&HeaderMap>) -> HashMap<String, String> {
    let all = received.into_iter().flat_map(HeaderMap::iter);
    all.filter_map(|(name, values)| {
        let value = values.first()?;
        Some((
            name.to_string().to_ascii_lowercase(),
            decode_value(value.as_str()),
        ))
    })
    .collect()
}

/// One line of printable ASCII with its spaces, as an error is for people to read.
pub(crate) fn readable(text: &str) -> String {
    text.split_whitespace()
        .map(encode_value)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_as_in_every_language() {
        let vectors = crate::vectors::read("headers");
        for vector in crate::vectors::list(&vectors["values"]) {
            let (value, encoded) = (
                vector["value"].as_str().unwrap(),
                vector["encoded"].as_str().unwrap(),
            );
            assert_eq!(encode_value(value), encoded);
            assert_eq!(decode_value(encoded), value);
        }
        for vector in crate::vectors::list(&vectors["decoded"]) {
            let encoded = vector["encoded"].as_str().unwrap();
            assert_eq!(
                decode_value(encoded),
                vector["value"].as_str().unwrap(),
                "{encoded}"
            );
        }
        let letter = &vectors["deadLetter"];
        assert_eq!(
            readable(letter["error"].as_str().unwrap()),
            letter["headers"]["Samspel-Error"].as_str().unwrap()
        );
    }
}
