//! Finds the instances of proto services, and keeps up with them.
//!
//! One long poll of the catalog says which services serve what, one of each such service which of its instances live:
//! one per name and process, whatever number of targets needs it (R7).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::consul::{in_path, Consul, ConsulError};
use super::instance::{read_instances, Instance};
use super::last_good::LastGood;
use super::long_poll::long_poll;
use super::target::Target;
use crate::channel::Channel;
use crate::descriptors::Descriptors;
use crate::error::Error;
use crate::task::Task;

type Datacenter = Option<String>;

/// Finds instances in a Consul. A clone shares its long polls, which end with the last clone, channel and watch.
///
/// It needs nothing else of this library:
///
/// ```no_run
/// # async fn example() -> Result<(), samspel::Error> {
/// let resolver = samspel::Resolver::new("http://127.0.0.1:8500", None);
/// let channel = resolver.channel("consul:///orders.v1.OrderService", &samspel::Descriptors::default())?;
/// // A generated client takes it: OrderServiceClient::new(channel)
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Resolver(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    consul: Consul,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    catalogs: HashMap<Datacenter, Catalog>,
    services: HashMap<(Datacenter, String), Service>,
    targets: Vec<Weak<Watched>>,
}

/// Which services a datacenter has, with their tags; nothing yet while it has not answered.
#[derive(Debug)]
struct Catalog {
    tags: Option<BTreeMap<String, Vec<String>>>,
    answers: bool,
    _poll: Task,
}

#[derive(Debug)]
struct Service {
    instances: Option<Vec<Instance>>,
    _poll: Task,
}

#[derive(Debug)]
struct Watched {
    target: Target,
    sender: watch::Sender<Vec<Instance>>,
    known: Mutex<(LastGood, Option<Task>)>,
}

/// The live instances of a target, as they come and go.
#[derive(Debug, Clone)]
pub struct Instances {
    receiver: watch::Receiver<Vec<Instance>>,
    watched: Arc<Watched>,
    /// Whose long polls must go on for as long as this is looked at.
    _resolver: Resolver,
}

impl Instances {
    /// The set as it is now: the last good one while the registry is away.
    #[must_use]
    pub fn current(&self) -> Vec<Instance> {
        self.receiver.borrow().clone()
    }

    /// Waits for the next change of the set.
    pub async fn changed(&mut self) {
        if self.receiver.changed().await.is_err() {
            // The sender lives in what this holds.
            std::future::pending::<()>().await;
        }
    }

    /// The set, where it is another one than when this was last asked.
    pub(crate) fn if_changed(&mut self) -> Option<Vec<Instance>> {
        let changed = self.receiver.has_changed().unwrap_or(false);
        changed.then(|| self.receiver.borrow_and_update().clone())
    }

    pub(crate) fn mark_changed(&mut self) {
        self.receiver.mark_changed();
    }

    /// The full name of the proto service.
    #[must_use]
    pub fn proto_service(&self) -> &str {
        &self.watched.target.service
    }
}

impl Resolver {
    /// A resolver of the Consul at a URL, with its ACL token where it wants one. It asks nothing before it is used.
    #[must_use]
    pub fn new(url: &str, token: Option<&str>) -> Self {
        Self::of(Consul::new(url, token))
    }

    pub(crate) fn of(consul: Consul) -> Self {
        Self(Arc::new(Shared {
            consul,
            state: Mutex::default(),
        }))
    }

    /// The registry's URL, without credentials.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.consul.name()
    }

    /// Watches the instances of a target such as `consul:///orders.v1.OrderService`.
    ///
    /// # Errors
    ///
    /// [`Error::Declaration`] where it is no target.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn watch(&self, target: &str) -> Result<Instances, Error> {
        let target = Target::parse(target)?;
        let mut state = self.0.lock();
        let existing = state
            .targets
            .iter()
            .filter_map(Weak::upgrade)
            .find(|watched| watched.target == target);
        let watched = existing.unwrap_or_else(|| {
            let (sender, known) = (watch::Sender::default(), Mutex::default());
            let watched = Arc::new(Watched {
                target,
                sender,
                known,
            });
            state.targets.push(Arc::downgrade(&watched));
            watched
        });
        self.0.reconcile(&mut state);
        drop(state);
        Ok(Instances {
            receiver: watched.sender.subscribe(),
            watched,
            _resolver: self.clone(),
        })
    }

    /// A channel to all instances of a target, for generated clients. Give the descriptors of the called files: they
    /// say which methods may be retried.
    ///
    /// # Errors
    ///
    /// As [`watch`](Self::watch).
    ///
    /// # Panics
    ///
    /// As [`watch`](Self::watch).
    pub fn channel(&self, target: &str, descriptors: &Descriptors) -> Result<Channel, Error> {
        Ok(Channel::new(
            self.watch(target)?,
            self.url(),
            descriptors.clone(),
        ))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Polls for what is wanted and for nothing else, and tells each target what is known of it.
    fn reconcile(self: &Arc<Self>, state: &mut State) {
        state.targets.retain(|target| target.strong_count() > 0);
        let targets: Vec<_> = state.targets.iter().filter_map(Weak::upgrade).collect();

        let datacenters: HashSet<_> = targets
            .iter()
            .map(|watched| watched.target.datacenter.clone())
            .collect();
        state
            .catalogs
            .retain(|datacenter, _| datacenters.contains(datacenter));
        for datacenter in datacenters {
            state
                .catalogs
                .entry(datacenter)
                .or_insert_with_key(|datacenter| self.poll_catalog(datacenter.clone()));
        }

        let wanted: HashSet<_> = targets
            .iter()
            .flat_map(|watched| state.names_of(&watched.target))
            .collect();
        state.services.retain(|name, _| wanted.contains(name));
        for name in wanted {
            state
                .services
                .entry(name)
                .or_insert_with_key(|name| self.poll_service(name.clone()));
        }
        for watched in &targets {
            self.tell(state, watched);
        }
    }

    fn tell(self: &Arc<Self>, state: &State, watched: &Arc<Watched>) {
        let mut guard = watched.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, timer) = &mut *guard;
        let answers = state
            .catalogs
            .get(&watched.target.datacenter)
            .is_some_and(|catalog| catalog.answers);
        let services: Vec<_> = state
            .names_of(&watched.target)
            .into_iter()
            .filter_map(|name| state.services.get(&name))
            .collect();
        let mut found: Vec<_> = services
            .iter()
            .filter_map(|service| service.instances.as_ref())
            .flatten()
            .collect();
        found.retain(|instance| watched.target.matches(instance));
        if !answers {
            known.unreachable();
        } else if !found.is_empty() || services.iter().all(|service| service.instances.is_some()) {
            let mut found: Vec<_> = found.into_iter().cloned().collect();
            found.sort_by(|one, other| one.id.cmp(&other.id));
            known.answer(found, Instant::now());
        }
        *timer = known.believed_at().map(|at| {
            let shared = Arc::downgrade(self);
            Task::spawn(async move {
                tokio::time::sleep_until(at).await;
                // In a task of its own: this one ends when the timer is taken away.
                tokio::spawn(async move {
                    if let Some(shared) = shared.upgrade() {
                        shared.reconcile(&mut shared.lock());
                    }
                });
            })
        });
        watched.sender.send_if_modified(|current| {
            let changed = current.as_slice() != known.current();
            if changed {
                *current = known.current().to_vec();
            }
            changed
        });
    }

    fn poll_catalog(self: &Arc<Self>, datacenter: Datacenter) -> Catalog {
        let path = format!(
            "/v1/catalog/services{}",
            query_of(datacenter.as_deref(), "")
        );
        let poll = self.poll(path, move |state, answer| {
            let Some(catalog) = state.catalogs.get_mut(&datacenter) else {
                return;
            };
            catalog.answers = answer.is_ok();
            match answer {
                Ok(services) => catalog.tags = Some(read_tags(&services)),
                Err(error) => tracing::debug!(reason = %error, "the catalog is not known"),
            }
        });
        Catalog {
            tags: None,
            answers: false,
            _poll: poll,
        }
    }

    fn poll_service(self: &Arc<Self>, name: (Datacenter, String)) -> Service {
        let path = format!(
            "/v1/health/service/{}{}",
            in_path(&name.1),
            query_of(name.0.as_deref(), "passing=1")
        );
        let poll = self.poll(path, move |state, answer| {
            let Some(service) = state.services.get_mut(&name) else {
                return;
            };
            match answer {
                Ok(instances) => service.instances = Some(read_instances(&instances)),
                Err(error) => tracing::debug!(reason = %error, "instances are not known"),
            }
        });
        Service {
            instances: None,
            _poll: poll,
        }
    }

    fn poll(
        self: &Arc<Self>,
        path: String,
        mut note: impl FnMut(&mut State, Result<Value, ConsulError>) + Send + 'static,
    ) -> Task {
        let (consul, shared) = (self.consul.clone(), Arc::downgrade(self));
        Task::spawn(async move {
            long_poll(&consul, &path, |answer| {
                let Some(shared) = shared.upgrade() else {
                    return;
                };
                let mut state = shared.lock();
                note(&mut state, answer);
                shared.reconcile(&mut state);
            })
            .await;
        })
    }
}

impl State {
    /// The names of the services that serve a target.
    fn names_of(&self, target: &Target) -> Vec<(Datacenter, String)> {
        let tags = self
            .catalogs
            .get(&target.datacenter)
            .and_then(|catalog| catalog.tags.as_ref());
        let serving = tags
            .into_iter()
            .flatten()
            .filter(|(_, tags)| tags.contains(&target.service));
        serving
            .map(|(name, _)| (target.datacenter.clone(), name.clone()))
            .collect()
    }
}

fn read_tags(services: &Value) -> BTreeMap<String, Vec<String>> {
    let tags_of = |tags: &Value| {
        tags.as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    services
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, tags)| (name.clone(), tags_of(tags)))
        .collect()
}

fn query_of(datacenter: Option<&str>, own: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(own.to_owned());
    if let Some(datacenter) = datacenter {
        query.append_pair("dc", datacenter);
    }
    let query = query.finish();
    if query.is_empty() {
        query
    } else {
        format!("?{query}")
    }
}
