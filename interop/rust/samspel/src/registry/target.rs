//! What a client asks for: a proto service, in one of the registries, perhaps only some of its instances.

use url::Url;

use super::instance::Instance;
use crate::error::Error;

/// A target such as `consul:///orders.v1.OrderService?version=2&tag=canary`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub service: String,
    pub version: Option<String>,
    pub zone: Option<String>,
    pub tag: Option<String>,
    pub datacenter: Option<String>,
}

impl Target {
    /// Reads a target; the bare name of a proto service is one too.
    pub fn parse(target: &str) -> Result<Self, Error> {
        let refuse = |reason: &str| {
            Error::Declaration(format!(
                "Cannot use the target {target:?} as {reason}: write consul:///orders.v1.OrderService, perhaps with \
                 ?version=, ?zone=, ?tag= or ?dc="
            ))
        };
        if !target.contains("://") {
            return Self::parse(&format!("consul:///{target}"));
        }
        let url = Url::parse(target).map_err(|error| refuse(&error.to_string()))?;
        let service = url.path().trim_start_matches('/').to_owned();
        if url.scheme() != "consul" || !url.host_str().unwrap_or_default().is_empty() {
            return Err(refuse("it is none of this registry"));
        }
        if !service.contains('.') || service.contains(['/', ' ', '%']) {
            return Err(refuse("it names no proto service"));
        }
        let mut parsed = Self {
            service,
            version: None,
            zone: None,
            tag: None,
            datacenter: None,
        };
        for (name, value) in url.query_pairs() {
            let place = match &*name {
                "version" => &mut parsed.version,
                "zone" => &mut parsed.zone,
                "tag" => &mut parsed.tag,
                "dc" => &mut parsed.datacenter,
                other => return Err(refuse(&format!("{other} is no filter"))),
            };
            *place = Some(value.into_owned());
        }
        Ok(parsed)
    }

    /// Whether an instance is one of those that are asked for: its own tags decide, not those of its neighbours.
    pub fn matches(&self, instance: &Instance) -> bool {
        let has_tag = |wanted: &str| instance.tags.iter().any(|tag| tag == wanted);
        let has_meta = |name: &str, wanted: &Option<String>| {
            wanted.is_none() || instance.meta.get(name) == wanted.as_ref()
        };
        has_tag(&self.service)
            && self.tag.as_deref().is_none_or(has_tag)
            && has_meta("version", &self.version)
            && has_meta("zone", &self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_reads_service_and_filters() {
        let target =
            Target::parse("consul:///orders.v1.OrderService?version=2&tag=canary&dc=eu").unwrap();
        assert_eq!(target.service, "orders.v1.OrderService");
        assert_eq!(target.version.as_deref(), Some("2"));
        assert_eq!(target.tag.as_deref(), Some("canary"));
        assert_eq!(target.datacenter.as_deref(), Some("eu"));
        assert_eq!(
            Target::parse("orders.v1.OrderService").unwrap().service,
            "orders.v1.OrderService"
        );
    }

    #[test]
    fn parse_refuses_what_would_find_nothing() {
        for wrong in [
            "consul:///",
            "http:///a.B",
            "consul:///orders",
            "consul:///a.B?versoin=2",
            "consul:///a.B/c",
        ] {
            let error = Target::parse(wrong).unwrap_err().to_string();
            assert!(
                error.contains(wrong) && error.contains("consul:///orders.v1.OrderService"),
                "{error}"
            );
        }
    }
}
