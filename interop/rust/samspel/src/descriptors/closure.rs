//! The descriptors that an instance publishes: those files that its proto services need, and no others (R3).

use std::collections::HashSet;

use bytes::{BufMut, Bytes, BytesMut};
use prost::encoding::{encode_key, encode_varint, WireType};
use prost::DecodeError;

use super::File;
use crate::wire;

const SOURCE_CODE_INFO: u32 = 9;

/// A file without its comments and positions: they are large, and nobody needs them to call.
pub(super) fn without_source_info(file: &Bytes) -> Result<Bytes, DecodeError> {
    let mut kept = BytesMut::with_capacity(file.len());
    for field in wire::fields(file)?
        .into_iter()
        .filter(|field| field.number != SOURCE_CODE_INFO)
    {
        kept.put(field.raw);
    }
    Ok(kept.freeze())
}

/// A `FileDescriptorSet` with every file after its imports, as readers of it want them.
pub(super) fn encode(files: &[File], services: &[String]) -> Vec<u8> {
    let mut seen = HashSet::new();
    let mut set = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.services.iter().any(|name| services.contains(name)))
    {
        add(files, file, &mut seen, &mut set);
    }
    set
}

fn add<'a>(files: &'a [File], file: &'a File, seen: &mut HashSet<&'a str>, set: &mut Vec<u8>) {
    if !seen.insert(&file.name) {
        return;
    }
    for import in &file.dependencies {
        if let Some(imported) = files.iter().find(|file| file.name == *import) {
            add(files, imported, seen, set);
        }
    }
    encode_key(1, WireType::LengthDelimited, set);
    encode_varint(file.raw.len() as u64, set);
    set.extend_from_slice(&file.raw);
}
