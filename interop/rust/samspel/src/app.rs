//! What a service consists of, as its `start` function assembles it.

use std::future::Future;
use std::pin::Pin;

use http::Request;
use prost::{Message as ProtoMessage, Name};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::RoutesBuilder;
use tonic::Status;

use crate::broker::{consume, Broker};
use crate::channel::Channel;
#[cfg(feature = "postgres")]
use crate::database::Database;
use crate::descriptors::Descriptors;
use crate::error::Error;
use crate::registry::{Consul, Resolver};
use crate::server::{draining, Edge};
use crate::settings::Settings;
use crate::tell::{Method, Teller, Tells};
use crate::topic::{Handler, Subscription, Topic};
#[cfg(feature = "postgres")]
use crate::topic::{InboxHandler, WithInbox};

const ATTEMPTS: u32 = 8;

type Consuming = Pin<Box<dyn Future<Output = Result<Vec<JoinHandle<()>>, Error>> + Send>>;
type Consume = Box<dyn FnOnce(Edge, watch::Receiver<bool>) -> Consuming + Send>;

/// A service that is being assembled: handlers, subscriptions, and what they need.
pub struct App {
    settings: Settings,
    descriptors: Descriptors,
    resolver: Resolver,
    broker: Option<Broker>,
    #[cfg(feature = "postgres")]
    database: Option<Database>,
    pub(crate) routes: RoutesBuilder,
    pub(crate) served: Vec<String>,
    pub(crate) consumers: Vec<Consume>,
    stopping: watch::Receiver<bool>,
    attempts: u32,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("settings", &self.settings)
            .field("served", &self.served)
            .finish_non_exhaustive()
    }
}

impl App {
    pub(crate) fn new(
        settings: Settings,
        descriptors: Descriptors,
        consul: Consul,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self {
            settings,
            descriptors,
            resolver: Resolver::of(consul),
            broker: None,
            #[cfg(feature = "postgres")]
            database: None,
            routes: RoutesBuilder::default(),
            served: Vec::new(),
            consumers: Vec::new(),
            stopping,
            attempts: ATTEMPTS,
        }
    }

    /// The environment of the service.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Serves a proto service: `app.serve(OrderServiceServer::new(orders))`. It is announced in the registry. Where
    /// `NATS_URL` is set, its handlers get what is told to it, too.
    pub fn serve<S>(&mut self, server: S) -> &mut Self
    where
        S: tower_service::Service<
                Request<Body>,
                Response = http::Response<Body>,
                Error = std::convert::Infallible,
            > + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.routes.add_service(server);
        self.served.push(S::NAME.to_owned());
        self
    }

    /// A channel to the instances of a target such as `consul:///orders.v1.OrderService`, for generated clients. Make
    /// one, and clone it.
    ///
    /// # Errors
    ///
    /// [`Error::Declaration`] where it is no target.
    pub fn channel(&self, target: &str) -> Result<Channel, Error> {
        self.resolver.channel(target, &self.descriptors)
    }

    /// Finds instances in the registry.
    #[must_use]
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// A topic by the path of its method, such as `cart.v1.CartTopics/CheckedOut`.
    ///
    /// # Errors
    ///
    /// [`Error::Declaration`] where the file does not declare it so; [`Error::Configuration`] without `NATS_URL`.
    pub fn topic<M: ProtoMessage + Name + Default>(
        &mut self,
        path: &str,
    ) -> Result<Topic<M>, Error> {
        let broker = self.broker()?;
        Topic::declared(path, &self.descriptors, &broker)
    }

    /// Consumes a topic as one of a named group, from its beginning. What keeps failing becomes a dead letter, after 8
    /// attempts or what [`attempts`](Self::attempts) said: with 8, after 6 to 12 s.
    pub fn subscribe<M, H>(&mut self, topic: &Topic<M>, group: &str, handler: H) -> &mut Self
    where
        M: ProtoMessage + Name + Default + 'static,
        H: Handler<M>,
    {
        let (topic, group, attempts) = (topic.clone(), group.to_owned(), self.attempts);
        let broker = topic.broker().clone();
        let subscription = Subscription {
            topic,
            group,
            attempts,
            handler,
        };
        self.consumers.push(Box::new(move |_, stopping| {
            Box::pin(async move { consume(subscription, &broker, stopping).await })
        }));
        self
    }

    /// Consumes a topic once in effect: the handler gets a transaction in which the message's id was noted. Else as
    /// [`subscribe`](Self::subscribe).
    ///
    /// # Errors
    ///
    /// As [`database`](Self::database).
    #[cfg(feature = "postgres")]
    pub async fn subscribe_with_inbox<M, H>(
        &mut self,
        topic: &Topic<M>,
        group: &str,
        handler: H,
    ) -> Result<&mut Self, Error>
    where
        M: ProtoMessage + Name + Default + 'static,
        H: InboxHandler<M>,
    {
        let database = self.database().await?;
        let subscription = format!("{group}/{}", topic.name());
        Ok(self.subscribe(
            topic,
            group,
            WithInbox {
                handler,
                database,
                subscription,
            },
        ))
    }

    /// After how many attempts a message of the subscriptions that follow becomes a dead letter. Default 8.
    pub fn attempts(&mut self, attempts: u32) -> &mut Self {
        self.attempts = attempts;
        self
    }

    /// Tells methods of other services.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] without `NATS_URL`.
    pub fn teller(&mut self) -> Result<Teller, Error> {
        Ok(Teller::new(self.broker()?))
    }

    /// A method that may be told, by its path such as `shipping.v1.ShippingService/Dispatch`.
    ///
    /// # Errors
    ///
    /// [`Error::Declaration`] where there is none, or it may not be told.
    pub fn method<Q, R>(&self, path: &str) -> Result<Method<Q, R>, Error>
    where
        Q: ProtoMessage + Name,
        R: ProtoMessage + Name + Default,
    {
        Method::declared(path, &self.descriptors)
    }

    /// The service's schema in the system's Postgres; it is made where it is missing.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] without `DATABASE_URL`, or where that cannot be used.
    #[cfg(feature = "postgres")]
    pub async fn database(&mut self) -> Result<Database, Error> {
        if let Some(database) = &self.database {
            return Ok(database.clone());
        }
        let database = Database::open(&self.settings).await?;
        Ok(self.database.insert(database).clone())
    }

    /// Tells when the service stops. A stream without an end of its own ends then, so that its callers come back to
    /// another instance; what is left open is cut after 5 s.
    #[must_use]
    pub fn stopping(&self) -> Stopping {
        Stopping(self.stopping.clone())
    }

    /// Takes what others tell the proto services that are served here, with the handlers that serve their calls: where
    /// there is a broker, and of each that has a method which may be told.
    pub(crate) fn take_tells(&mut self) -> Result<(), Error> {
        if !self.settings.has_nats() {
            return Ok(());
        }
        for service in self.served.clone() {
            let methods = self.descriptors.told_methods(&service);
            if methods.is_empty() {
                continue;
            }
            let broker = self.broker()?;
            self.consumers.push(Box::new(move |edge, stopping| {
                Box::pin(async move {
                    let tells = Tells::new(broker.clone(), service, methods, edge);
                    consume(tells, &broker, stopping).await
                })
            }));
        }
        Ok(())
    }

    /// Refuses what would be served without its descriptors: nobody could find out what it is.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.served.iter().find(|name| !self.descriptors.has_service(name)) {
            None => Ok(()),
            Some(name) => Err(Error::Declaration(format!(
                "Cannot serve {name} without its descriptors: give those of its file to Service::new"
            ))),
        }
    }

    pub(crate) fn descriptors(&self) -> &Descriptors {
        &self.descriptors
    }

    /// The connection to NATS, where something uses it.
    pub(crate) fn used_broker(&self) -> Option<Broker> {
        self.broker.clone()
    }

    fn broker(&mut self) -> Result<Broker, Error> {
        if let Some(broker) = &self.broker {
            return Ok(broker.clone());
        }
        let broker = Broker::new(&self.settings)?;
        Ok(self.broker.insert(broker).clone())
    }
}

/// The end of the service's life, as handlers learn of it.
#[derive(Debug, Clone)]
pub struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Returns when the service stops, with the status that a stream ends with then: call again.
    pub async fn wait(&mut self) -> Status {
        // Where the sender is gone, the service is.
        let _ = self.0.wait_for(|stopping| *stopping).await;
        draining()
    }
}
