//! The connections to the instances of one target, and whose turn it is (C3).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use crate::failure::Rejection;
use crate::registry::{Instance, Instances};

const CONNECT: Duration = Duration::from_secs(2);
/// A peer that is frozen, or cut off without a word, is noticed by pings.
const PING: Duration = Duration::from_secs(20);
const PING_ANSWER: Duration = Duration::from_secs(5);
const LEFT_OUT: Duration = Duration::from_secs(1);

/// An instance with its connection, which is made when it is first used.
#[derive(Debug)]
pub(super) struct Peer {
    pub instance: Instance,
    pub channel: Channel,
    away_until: Mutex<Option<Instant>>,
}

impl Peer {
    /// Notes whether the instance was reached.
    pub fn note(&self, reached: bool) {
        let until = (!reached).then(|| Instant::now() + LEFT_OUT);
        *self
            .away_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = until;
    }

    fn is_away(&self, now: Instant) -> bool {
        self.away_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some_and(|until| now < until)
    }
}

#[derive(Debug)]
pub(super) struct Peers {
    registry: String,
    known: Mutex<Known>,
    turn: AtomicUsize,
}

/// The set as it was when it was last looked at.
#[derive(Debug)]
struct Known {
    instances: Instances,
    peers: Vec<Arc<Peer>>,
    /// How many take mutual TLS only.
    secure: usize,
}

impl Peers {
    pub fn new(mut instances: Instances, registry: String) -> Self {
        instances.mark_changed();
        let known = Known {
            instances,
            peers: Vec::new(),
            secure: 0,
        };
        Self {
            registry,
            known: Mutex::new(known),
            turn: AtomicUsize::new(0),
        }
    }

    /// The next peer: one that was not tried yet, and not one that was just not reached, where there is a choice.
    /// Waits for the first instance.
    pub async fn next(&self, tried: &[Arc<Peer>]) -> Result<Arc<Peer>, Status> {
        loop {
            let mut instances = {
                let known = self.known();
                if let Some(peer) = self.pick(&known.peers, tried) {
                    return Ok(peer);
                }
                if known.secure > 0 {
                    drop(known);
                    return Err(self.all_secure());
                }
                known.instances.clone()
            };
            instances.changed().await;
        }
    }

    fn pick(&self, peers: &[Arc<Peer>], tried: &[Arc<Peer>]) -> Option<Arc<Peer>> {
        let (turn, now) = (self.turn.fetch_add(1, Ordering::Relaxed), Instant::now());
        let in_turn = || {
            peers
                .iter()
                .cycle()
                .skip(turn % peers.len().max(1))
                .take(peers.len())
        };
        let best = in_turn().find(|peer| is_untried(peer, tried) && !peer.is_away(now));
        best.or_else(|| in_turn().find(|peer| is_untried(peer, tried)))
            .or_else(|| in_turn().next())
            .cloned()
    }

    /// Whether there is an instance that was not tried yet.
    pub fn has_other(&self, tried: &[Arc<Peer>]) -> bool {
        self.known()
            .peers
            .iter()
            .any(|peer| is_untried(peer, tried))
    }

    pub fn are_none(&self) -> bool {
        self.known().peers.is_empty()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.refresh();
        known
    }

    /// The error of a call for which nobody came.
    pub fn no_instance(&self) -> Status {
        let (service, registry) = (self.proto_service(), &self.registry);
        self.unavailable(format!(
            "No instance of {service} is in the registry at {registry}: start a service that serves it, or check that \
             its health is SERVING and that it uses the same registry"
        ))
    }

    /// The seam for service identity: until it is there, nothing is sent in the clear to who wants mutual TLS.
    fn all_secure(&self) -> Status {
        let (service, registry) = (self.proto_service(), &self.registry);
        self.unavailable(format!(
            "Each instance of {service} in the registry at {registry} takes mutual TLS only (meta secure=true), which \
             this library does not speak yet: let it serve with SAMSPEL_IDENTITY=none"
        ))
    }

    fn unavailable(&self, message: String) -> Status {
        Rejection::new(Code::Unavailable, message)
            .reason("SAMSPEL_NO_INSTANCE")
            .retryable(true)
            .metadata("service", self.proto_service())
            .into()
    }

    fn proto_service(&self) -> String {
        self.known().instances.proto_service().to_owned()
    }
}

impl Known {
    /// Keeps the connections of who is still there.
    fn refresh(&mut self) {
        let Some(mut instances) = self.instances.if_changed() else {
            return;
        };
        let all = instances.len();
        instances.retain(|instance| !instance.is_secure());
        self.secure = all - instances.len();
        let reused = |instance: Instance| {
            let known = self.peers.iter().find(|peer| peer.instance == instance);
            known.cloned().or_else(|| connect(instance))
        };
        self.peers = instances.into_iter().filter_map(reused).collect();
    }
}

fn is_untried(peer: &Arc<Peer>, tried: &[Arc<Peer>]) -> bool {
    !tried.iter().any(|other| Arc::ptr_eq(other, peer))
}

fn connect(instance: Instance) -> Option<Arc<Peer>> {
    let endpoint = Endpoint::from_shared(format!("http://{}", instance.authority()));
    let endpoint = endpoint.inspect_err(|error| {
        tracing::warn!(id = instance.id, reason = %error, "an instance has no address that can be called");
    });
    let channel = endpoint
        .ok()?
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(PING)
        .keep_alive_timeout(PING_ANSWER)
        .tcp_nodelay(true)
        .connect_lazy();
    Some(Arc::new(Peer {
        instance,
        channel,
        away_until: Mutex::new(None),
    }))
}
