//! Publishes what an instance can do, so that others call it without its proto files (R3).

use std::io::Write;
use std::sync::Once;

use flate2::write::GzEncoder;
use flate2::Compression;
use sha2::{Digest, Sha256};

use super::consul::{Consul, ConsulError};

/// What a key of Consul holds at the most.
const LONGEST_VALUE: usize = 512 * 1024;

/// A `FileDescriptorSet`, ready to be published.
pub(crate) struct DescriptorSet {
    sha256: String,
    gzip: Vec<u8>,
    complained: Once,
}

impl DescriptorSet {
    pub fn new(set: &[u8]) -> Self {
        use std::fmt::Write as _;
        let mut sha256 = String::new();
        for byte in Sha256::digest(set) {
            let _ = write!(sha256, "{byte:02x}");
        }
        Self {
            sha256,
            gzip: gzip(set),
            complained: Once::new(),
        }
    }

    /// What the registration refers to it by: lower case hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    fn key(&self) -> String {
        format!("samspel/descriptors/{}", self.sha256)
    }

    /// Writes it where it is not there yet. A registry that does not take it is no reason not to start.
    pub async fn publish(&self, consul: &Consul) {
        if let Err(error) = self.try_publish(consul).await {
            self.complained
                .call_once(|| tracing::warn!(reason = %error, "descriptors are not published"));
        }
    }

    async fn try_publish(&self, consul: &Consul) -> Result<(), ConsulError> {
        let key = self.key();
        let pieces: Vec<_> = pieces(&self.gzip).collect();
        if let [whole] = pieces[..] {
            return consul.put_once(&key, whole.to_vec()).await;
        }
        // The pieces first: who finds the key finds all of them.
        for (number, piece) in pieces.iter().enumerate() {
            consul
                .put_once(&format!("{key}/{number}"), piece.to_vec())
                .await?;
        }
        let index = serde_json::json!({ "chunks": pieces.len() });
        consul.put_once(&key, index.to_string().into_bytes()).await
    }
}

fn pieces(gzip: &[u8]) -> impl Iterator<Item = &[u8]> {
    gzip.chunks(LONGEST_VALUE)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // A vector takes whatever is written to it.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::BASE64_STANDARD;
    use base64::Engine as _;

    #[test]
    fn sets_and_pieces_are_those_of_every_language() {
        let vectors = crate::vectors::read("descriptors");
        for vector in crate::vectors::list(&vectors["sets"]) {
            let set = BASE64_STANDARD
                .decode(vector["set"].as_str().unwrap())
                .unwrap();
            let published = DescriptorSet::new(&set);
            assert_eq!(published.sha256(), vector["sha256"].as_str().unwrap());
            assert_eq!(published.key(), vector["key"].as_str().unwrap());
            let mut unzipped = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(&*published.gzip);
            std::io::Read::read_to_end(&mut decoder, &mut unzipped).unwrap();
            assert_eq!(unzipped, set);
        }
        for vector in crate::vectors::list(&vectors["chunks"]) {
            let gzip = vec![0; usize::try_from(vector["gzipBytes"].as_u64().unwrap()).unwrap()];
            let found: Vec<_> = pieces(&gzip).map(<[u8]>::len).collect();
            let expected: Option<Vec<usize>> =
                serde_json::from_value(vector["pieces"].clone()).unwrap();
            assert_eq!((found.len() > 1).then_some(found), expected);
        }
    }
}
