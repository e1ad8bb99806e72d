//! The little of protobuf's binary form that is read without generated code: the fields of a message, one by one.

use bytes::Bytes;
use prost::encoding::{decode_key, decode_varint, WireType};
use prost::{bytes::Buf, DecodeError};

/// One field as it stands on the wire.
pub(crate) struct Field {
    pub number: u32,
    /// The value of a length-delimited field; empty for all others.
    pub value: Bytes,
    /// All of the field, its key too.
    pub raw: Bytes,
}

/// The fields of a message, in the order in which they stand.
pub(crate) fn fields(message: &Bytes) -> Result<Vec<Field>, DecodeError> {
    let mut rest = message.clone();
    let mut found = Vec::new();
    while rest.has_remaining() {
        let start = message.len() - rest.len();
        let (number, kind) = decode_key(&mut rest)?;
        let value = skip(&mut rest, number, kind)?;
        let raw = message.slice(start..message.len() - rest.len());
        found.push(Field { number, value, raw });
    }
    Ok(found)
}

fn skip(rest: &mut Bytes, number: u32, kind: WireType) -> Result<Bytes, DecodeError> {
    if kind == WireType::LengthDelimited {
        let length = decode_varint(rest)?;
        if let Some(length) = usize::try_from(length)
            .ok()
            .filter(|length| *length <= rest.len())
        {
            return Ok(rest.split_to(length));
        }
    }
    prost::encoding::skip_field(
        kind,
        number,
        rest,
        prost::encoding::DecodeContext::default(),
    )?;
    Ok(Bytes::new())
}

/// The last value of a string field, as protobuf reads it where there are several; empty where there is none.
pub(crate) fn string_field(message: &Bytes, number: u32) -> Result<String, DecodeError> {
    let last = fields(message)?
        .into_iter()
        .rev()
        .find(|field| field.number == number);
    Ok(last.map_or_else(String::new, |field| {
        String::from_utf8_lossy(&field.value).into_owned()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_field_finds_the_last_one_beside_others() {
        // 1: 150, 2: "cart", 3: fixed32, 2: "cart-7"
        let message =
            Bytes::from_static(b"\x08\x96\x01\x12\x04cart\x1d\x01\x02\x03\x04\x12\x06cart-7");
        assert_eq!(string_field(&message, 2).unwrap(), "cart-7");
        assert_eq!(string_field(&message, 9).unwrap(), "");
        assert_eq!(
            fields(&message).unwrap()[2].raw,
            &b"\x1d\x01\x02\x03\x04"[..]
        );
    }

    #[test]
    fn fields_refuses_what_ends_too_early() {
        assert!(fields(&Bytes::from_static(b"\x12\x7fx")).is_err());
        assert!(fields(&Bytes::from_static(b"\x08")).is_err());
    }
}
