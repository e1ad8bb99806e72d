//! Instances as the registry shows them to callers.

use std::collections::BTreeMap;

use serde_json::Value;

/// One live instance of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its id in the registry.
    pub id: String,
    /// The name of its service.
    pub service: String,
    /// Where it is reached.
    pub address: String,
    /// Where it is reached.
    pub port: u16,
    /// `grpc` and the proto services that it serves.
    pub tags: Vec<String>,
    /// What it says about itself: version, zone, language and so on (R2).
    pub meta: BTreeMap<String, String>,
}

impl Instance {
    /// Whether it takes mutual TLS only.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.meta.get("secure").is_some_and(|value| value == "true")
    }

    /// `host:port`, fit for a URL.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.address.contains(':') {
            format!("[{}]:{}", self.address, self.port)
        } else {
            format!("{}:{}", self.address, self.port)
        }
    }
}

/// The instances in an answer of `/v1/health/service/<name>`; an entry that is none is left out.
pub(super) fn read_instances(answer: &Value) -> Vec<Instance> {
    answer
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(read_instance)
        .collect()
}

fn read_instance(entry: &Value) -> Option<Instance> {
    let service = &entry["Service"];
    let text = |value: &Value| {
        value
            .as_str()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    Some(Instance {
        id: text(&service["ID"])?,
        service: text(&service["Service"])?,
        // As Consul has it: an instance without an address is at that of its node.
        address: text(&service["Address"]).or_else(|| text(&entry["Node"]["Address"]))?,
        port: service["Port"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok())
            .filter(|port| *port > 0)?,
        tags: service["Tags"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(&text)
            .collect(),
        meta: service["Meta"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect(),
    })
}
