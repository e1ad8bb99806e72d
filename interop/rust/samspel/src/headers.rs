//! Header values as they travel: printable ASCII, everything else percent-encoded.
//!
//! As `CloudEvents`' HTTP protocol binding 1.0.2 has it (section 3.1.3.2). So no value can break out of its header.

use std::borrow::Cow;
use std::collections::HashMap;

use async_nats::HeaderMap;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// A header's value as it travels.
pub(crate) fn encode_value(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

/// What a header says; a value that is not encoded well stays as it is.
pub(crate) fn decode_value(value: &str) -> String {
    percent_decode_str(value).decode_utf8().map_or_else(|_| value.to_owned(), Cow::into_owned)
}

/// All headers by their names in lower case, decoded.
pub(crate) fn read_headers(received: Option<&HeaderMap>) -> HashMap<String, String> {
    let all = received.into_iter().flat_map(HeaderMap::iter);
    all.filter_map(|(name, values)| {
        let value = values.first()?;
        Some((name.to_string().to_ascii_lowercase(), decode_value(value.as_str())))
    })
    .collect()
}

/// One line of printable ASCII with its spaces, as an error is for people to read.
pub(crate) fn readable(text: &str) -> String {
    text.split_whitespace().map(encode_value).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encode_value_comes_back_whatever_it_holds() {
        for (value, encoded) in [
            ("grün", "gr%C3%BCn"),
            ("a b\"c%", "a%20b%22c%25"),
            ("line\r\nx-evil: 1", "line%0D%0Ax-evil:%201"),
            ("plain-~!", "plain-~!"),
        ] {
            assert_eq!(encode_value(value), encoded);
            assert_eq!(decode_value(encoded), value);
        }
    }

    #[test]
    fn decode_value_leaves_what_is_not_encoded_well() {
        assert_eq!(decode_value("100%"), "100%");
        assert_eq!(decode_value("%FF"), "%FF");
    }
}
