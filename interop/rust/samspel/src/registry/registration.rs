//! Keeps an instance in the registry, by the joining contract (R1, R2).
//!
//! It registers for ever: an agent that was away, or forgot the instance, gets it again within seconds (R4). A registry
//! that is away does not stop the service; it is looked for until it is there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::time::Duration;

use http::StatusCode;
use serde_json::{json, Value};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use url::Url;

use super::consul::{in_path, Consul, ConsulError, TIMEOUT};
use super::descriptors::DescriptorSet;
use crate::backoff::backoff;

const DEREGISTER: Duration = Duration::from_secs(3);
/// Consul adds up to a sixteenth of the 25 s.
const LOOK: Duration = Duration::from_secs(32);
/// Between looks at a registry that does not do long polls.
const PAUSE: Duration = Duration::from_secs(2);

/// An instance, as the registry is to show it.
#[derive(Default)]
pub(crate) struct Facts<'a> {
    pub service: &'a str,
    pub address: &'a str,
    pub port: u16,
    pub proto_services: &'a [String],
    pub version: &'a str,
    pub zone: &'a str,
    /// Of its published descriptors, if it has some.
    pub descriptor_sha256: Option<&'a str>,
}

/// What Consul is told of an instance. The agent asks its gRPC health every 5 s.
pub(crate) fn registration_of(facts: &Facts<'_>) -> Value {
    let Facts {
        service,
        address,
        port,
        ..
    } = facts;
    let id = format!("{service}-{address}-{port}").replace('.', "-");
    let place = if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    };
    let mut tags = vec!["grpc"];
    for proto_service in facts.proto_services {
        if !tags.contains(&proto_service.as_str()) {
            tags.push(proto_service);
        }
    }
    let mut registration = json!({
        "ID": id,
        "Name": service,
        "Address": address,
        "Port": port,
        "Tags": tags,
        "Meta": {
            "samspel_contract": "1",
            "protocols": "grpc",
            "version": facts.version,
            "zone": facts.zone,
            "lang": "rust",
            "secure": "false",
        },
        "Check": {
            "CheckID": format!("service:{id}"),
            "GRPC": place,
            "Interval": "5s",
            "Timeout": "2s",
            "Status": "passing",
            "DeregisterCriticalServiceAfter": "60s",
        },
    });
    if let Some(sha256) = facts.descriptor_sha256 {
        registration["Meta"]["descriptor_sha256"] = sha256.into();
    }
    registration
}

/// An instance's place in the registry, from `start` to `stop`.
pub(crate) struct Registration {
    consul: Consul,
    id: String,
    stop: watch::Sender<bool>,
    keeping: JoinHandle<()>,
    first: Option<oneshot::Receiver<()>>,
}

impl Registration {
    pub fn start(consul: Consul, registration: Value, descriptors: Option<DescriptorSet>) -> Self {
        let id = registration["ID"].as_str().unwrap_or_default().to_owned();
        let (stop, stopping) = watch::channel(false);
        let (registered, first) = oneshot::channel();
        let keeper = Keeper {
            consul: consul.clone(),
            id: id.clone(),
            registration,
            descriptors,
            stopping,
        };
        let keeping = tokio::spawn(keeper.keep(registered));
        Self {
            consul,
            id,
            stop,
            keeping,
            first: Some(first),
        }
    }

    /// Waits until the instance is in the registry for the first time.
    pub async fn first(&mut self) {
        if let Some(first) = self.first.take() {
            let _ = first.await;
        }
    }

    /// Takes the instance out; where the registry is away, its check does that later.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // A registration on its way must not arrive after the deregistration.
        let _ = self.keeping.await;
        match tokio::time::timeout(DEREGISTER, self.consul.deregister(&self.id)).await {
            Ok(Ok(())) => tracing::info!(id = self.id, "deregistered"),
            Ok(Err(error)) => tracing::warn!(reason = %error, "not deregistered"),
            Err(_) => tracing::warn!(reason = "timeout", "not deregistered"),
        }
    }
}

struct Keeper {
    consul: Consul,
    id: String,
    registration: Value,
    descriptors: Option<DescriptorSet>,
    stopping: watch::Receiver<bool>,
}

impl Keeper {
    async fn keep(mut self, registered: oneshot::Sender<()>) {
        let mut registered = Some(registered);
        let mut failures = 0;
        while !*self.stopping.borrow() {
            let lost = match self.register(failures > 0).await {
                Ok(()) => {
                    failures = 0;
                    tracing::info!(id = self.id, "registered");
                    registered.take().map(|registered| registered.send(()));
                    self.watch().await
                }
                Err(error) => Some(error),
            };
            if let Some(error) = lost {
                failures += 1;
                if failures == 1 {
                    tracing::warn!(reason = %error, "registry away");
                }
                self.pause(backoff(failures)).await;
            }
        }
    }

    async fn register(&self, was_away: bool) -> Result<(), ConsulError> {
        if was_away {
            self.consul.forget_check(&self.id).await?;
        }
        if let Some(descriptors) = &self.descriptors {
            descriptors.publish(&self.consul).await;
        }
        self.consul.register(&self.registration).await
    }

    /// Returns when the instance is to be registered again, with the error where the agent was away.
    async fn watch(&mut self) -> Option<ConsulError> {
        let path = format!("/v1/agent/service/{}", in_path(&self.id));
        let mut query = String::new();
        let mut stopping = self.stopping.clone();
        loop {
            let full = format!("{path}{query}");
            let looked = tokio::select! {
                looked = self.consul.get(&full, LOOK.max(TIMEOUT)) => looked,
                _ = stopping.wait_for(|stopping| *stopping) => return None,
            };
            let answer = match looked {
                Ok(answer) if answer.status == StatusCode::NOT_FOUND => return None,
                Ok(answer) => match self.consul.expect(answer, &path) {
                    Ok(answer) => answer,
                    Err(error) => return Some(error),
                },
                Err(error) => return Some(error),
            };
            if let Some(hash) = answer.hash {
                query = format!("?hash={hash}&wait=25s");
            } else {
                self.pause(PAUSE).await;
            }
        }
    }

    /// Sleeps, unless a stop comes first.
    async fn pause(&mut self, duration: Duration) {
        let _ = tokio::time::timeout(duration, self.stopping.wait_for(|stopping| *stopping)).await;
    }
}

/// Where others reach what listens on `host`: on all interfaces, it is the one that faces the registry.
pub(crate) fn advertised_address(host: IpAddr, consul_url: &str) -> std::io::Result<IpAddr> {
    if !host.is_unspecified() {
        return Ok(host);
    }
    let any = if host.is_ipv4() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED)
    } else {
        IpAddr::V6(Ipv6Addr::UNSPECIFIED)
    };
    let probe = UdpSocket::bind((any, 0))?;
    let url = Url::parse(consul_url).map_err(std::io::Error::other)?;
    let place = (
        url.host_str().unwrap_or_default().to_owned(),
        url.port_or_known_default().unwrap_or(8500),
    );
    probe.connect(place)?; // sends nothing: it only picks a route
    Ok(probe.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registration_of_an_instance_is_that_of_every_language() {
        let vectors = crate::vectors::read("registration");
        let mut seen = 0;
        for vector in crate::vectors::list(&vectors["vectors"]) {
            let (instance, mut body) = (&vector["instance"], vector["body"].clone());
            // What this library does not do: other protocols, heartbeats, identity.
            let plain =
                instance["protocols"] == json!(["grpc"]) && instance["check"]["type"] == "grpc";
            if !plain || instance["secure"] == true {
                continue;
            }
            let text = |name: &str| instance[name].as_str().unwrap_or_default();
            let proto_services: Vec<_> = crate::vectors::list(&instance["protoServices"])
                .iter()
                .map(|name| name.as_str().unwrap().to_owned())
                .collect();
            let facts = Facts {
                service: text("name"),
                address: text("address"),
                port: u16::try_from(instance["port"].as_u64().unwrap()).unwrap(),
                proto_services: &proto_services,
                version: text("version"),
                zone: text("zone"),
                descriptor_sha256: instance["descriptorSha256"].as_str(),
            };
            body["Meta"]["lang"] = "rust".into();
            assert_eq!(registration_of(&facts), body, "{}", vector["about"]);
            seen += 1;
        }
        assert!(seen >= 4, "{seen}");
    }

    #[test]
    fn registration_of_a_service_that_is_named_twice_has_one_tag() {
        let proto_services = ["a.v1.A".to_owned(), "a.v1.A".to_owned()];
        let told = registration_of(&Facts {
            proto_services: &proto_services,
            ..Facts::default()
        });
        assert_eq!(told["Tags"], json!(["grpc", "a.v1.A"]));
    }

    #[test]
    fn advertised_address_is_a_real_one_where_all_are_listened_on() {
        let all = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        assert!(!advertised_address(all, "http://127.0.0.1:8500")
            .unwrap()
            .is_unspecified());
        let own = IpAddr::V4(Ipv4Addr::LOCALHOST);
        assert_eq!(
            advertised_address(own, "http://127.0.0.1:8500").unwrap(),
            own
        );
    }
}
