//! Where a key belongs. Every language computes the same: `interop/vectors/partitions.json` holds them to it.

const SLICES: u32 = 1024;

/// The topic partition of an ordering key: CRC-32 of its UTF-8, modulo the number of partitions.
///
/// # Panics
///
/// Where `partitions` is 0.
#[must_use]
pub fn partition_of(key: &str, partitions: u32) -> u32 {
    crc32fast::hash(key.as_bytes()) % partitions
}

/// The slice of an entity: one of 1024.
#[must_use]
pub fn slice_of(entity_id: &str) -> u32 {
    crc32fast::hash(entity_id.as_bytes()) & (SLICES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_belong_where_every_language_puts_them() {
        let vectors = crate::vectors::read("partitions");
        for vector in crate::vectors::list(&vectors["vectors"]) {
            let key = vector["key"].as_str().unwrap();
            assert_eq!(
                u64::from(partition_of(key, 16)),
                vector["partition"].as_u64().unwrap(),
                "{key}"
            );
            assert_eq!(
                u64::from(slice_of(key)),
                vector["slice"].as_u64().unwrap(),
                "{key}"
            );
        }
    }
}
