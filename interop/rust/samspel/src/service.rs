//! The life of a service: from its settings to SIGTERM.
//!
//! 1. Start never half-succeeds: whatever is missing is one clear error, and exit code 1 (A1).
//! 2. The registry learns of an instance only when it can answer, and forgets it before it stops to (A2).
//! 3. SIGTERM or SIGINT: not serving, deregistered, messages in hand settled, calls in flight finished, exit code 0. A
//!    second signal ends at once.

use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{signal, SignalKind};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::service::RoutesBuilder;
use tonic::transport::Server;
use tonic_health::server::HealthReporter;
use tonic_health::ServingStatus;
use tower_layer::Layer;

use crate::app::App;
use crate::descriptors::Descriptors;
use crate::error::{chain, BoxError, Error};
use crate::logs;
use crate::registry::{
    advertised_address, registration_of, Consul, DescriptorSet, Facts, Registration,
};
use crate::server::{listen, listening_on, Edge, EdgeLayer};
use crate::settings::Settings;

const DRAIN: Duration = Duration::from_secs(30);
/// How long streams without a deadline may go on when the service stops.
const STREAMS: Duration = Duration::from_secs(5);
const PING: Duration = Duration::from_secs(30);

/// A service that can be run.
#[derive(Debug, Clone)]
pub struct Service {
    name: String,
    version: String,
    descriptors: &'static [u8],
}

impl Service {
    /// A service of a name, which is a DNS label.
    ///
    /// `descriptors` is the `FileDescriptorSet` of the files that it serves, calls, tells and consumes: usually
    /// `include_bytes!` of what the compiler wrote beside the generated code.
    #[must_use]
    pub fn new(name: &str, descriptors: &'static [u8]) -> Self {
        Self {
            name: name.to_owned(),
            version: "0.0.0".to_owned(),
            descriptors,
        }
    }

    /// The service's own version, for the registry: usually `env!("CARGO_PKG_VERSION")`. `SAMSPEL_VERSION` comes first.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// Runs the service in this process until a signal, and returns the exit code.
    ///
    /// `start` adds what the service consists of to the [`App`] that it gets.
    pub fn run<F>(self, start: F) -> ExitCode
    where
        F: AsyncFnOnce(&mut App) -> Result<(), BoxError>,
    {
        let settings = Settings::from_env(&self.name);
        match self.try_run(settings, start) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let text = chain(&*error);
                let told = matches!(error.downcast_ref(), Some(Error::Configuration(_)));
                let text = if told {
                    text
                } else {
                    format!("Cannot start {} as its start failed: {text}", self.name)
                };
                logs::fatal(&self.name, &text);
                ExitCode::FAILURE
            }
        }
    }

    fn try_run<F>(&self, settings: Settings, start: F) -> Result<(), BoxError>
    where
        F: AsyncFnOnce(&mut App) -> Result<(), BoxError>,
    {
        logs::install(&self.name, settings.log_level()?);
        settings.check()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let ended = runtime.block_on(self.live(settings, start));
        // What still runs was given its time.
        runtime.shutdown_timeout(Duration::from_millis(100));
        ended
    }

    async fn live<F>(&self, settings: Settings, start: F) -> Result<(), BoxError>
    where
        F: AsyncFnOnce(&mut App) -> Result<(), BoxError>,
    {
        let mut stop = on_signals()?;
        let descriptors = Descriptors::read(self.descriptors)?;
        let listener = listen(&settings).await?;
        let consul = Consul::new(settings.consul_url()?, settings.consul_token());
        let mut app = App::new(settings.clone(), descriptors, consul.clone(), stop.clone());
        tokio::select! {
            started = start(&mut app) => started?,
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        }
        app.check()?;
        app.take_tells()?;
        let broker = app.used_broker();
        if let Some(broker) = &broker {
            broker.client().await?;
        }

        let set = app.descriptors().closure(&app.served);
        let set = (!set.is_empty()).then(|| DescriptorSet::new(&set));
        let serving = Serving::start(&mut app, listener).await?;
        let mut consuming = Vec::new();
        for consume in app.consumers.drain(..) {
            consuming.extend(consume(serving.edge.clone(), stop.clone()).await?);
        }
        let (host, port) = (serving.address.ip(), serving.address.port());
        let host = advertised_address(host, settings.consul_url()?)?;
        let told = registration_of(&Facts {
            service: &self.name,
            address: &host.to_string(),
            port,
            proto_services: &app.served,
            version: settings.version().unwrap_or(&self.version),
            zone: settings.zone(),
            descriptor_sha256: set.as_ref().map(DescriptorSet::sha256),
        });
        let mut registration = Registration::start(consul, told, set);
        tokio::select! {
            () = registration.first() => tracing::info!(host = %host, port, "ready"),
            _ = stop.wait_for(|stop| *stop) => {}
        }

        let _ = stop.wait_for(|stop| *stop).await;
        tracing::info!("stopping");
        registration.stop().await;
        serving.not_serving().await;
        tokio::join!(serving.drain(), settled(consuming));
        if let Some(broker) = broker {
            broker.close().await;
        }
        tracing::info!("stopped");
        Ok(())
    }
}

/// A server that answers.
struct Serving {
    address: std::net::SocketAddr,
    edge: Edge,
    health: HealthReporter,
    names: Vec<String>,
    shutdown: watch::Sender<bool>,
    cut: watch::Sender<bool>,
    server: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Serving {
    async fn start(app: &mut App, listener: TcpListener) -> Result<Self, BoxError> {
        let (health, health_server) = tonic_health::server::health_reporter();
        let names: Vec<_> = std::iter::once(String::new())
            .chain(app.served.iter().cloned())
            .collect();
        for name in &names {
            health
                .set_service_status(name, ServingStatus::Serving)
                .await;
        }
        let mut routes = std::mem::take(&mut app.routes);
        routes.add_service(health_server);
        add_reflection(&mut routes, app)?;
        let routes = routes.routes().prepare();

        let (cut, cutting) = watch::channel(false);
        let layer = EdgeLayer {
            descriptors: app.descriptors().clone(),
            cut: cutting,
        };
        let edge = layer.layer(routes.clone());
        let (shutdown, mut shutting_down) = watch::channel(false);
        let (incoming, address) = listening_on(listener)?;
        let server = Server::builder()
            .http2_keepalive_interval(Some(PING))
            .layer(layer)
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, async move {
                let _ = shutting_down.wait_for(|shutdown| *shutdown).await;
            });
        let server = tokio::spawn(server);
        Ok(Self {
            address,
            edge,
            health,
            names,
            shutdown,
            cut,
            server,
        })
    }

    async fn not_serving(&self) {
        for name in &self.names {
            self.health
                .set_service_status(name, ServingStatus::NotServing)
                .await;
        }
    }

    /// Takes no new connections and calls; those that run may end, streams without a deadline within 5 s.
    async fn drain(mut self) {
        self.shutdown.send_replace(true);
        if timeout(STREAMS, &mut self.server).await.is_ok() {
            return;
        }
        self.cut.send_replace(true);
        if timeout(DRAIN.saturating_sub(STREAMS), &mut self.server)
            .await
            .is_err()
        {
            tracing::warn!(
                seconds = DRAIN.as_secs(),
                "calls are still running after the grace period: they are cut"
            );
        }
    }
}

fn add_reflection(routes: &mut RoutesBuilder, app: &App) -> Result<(), BoxError> {
    let set = app.descriptors().closure(&app.served);
    let builder = || {
        let builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(&set)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name("grpc.health.v1.Health");
        app.served.iter().fold(
            builder,
            tonic_reflection::server::Builder::with_service_name,
        )
    };
    routes.add_service(
        builder()
            .with_service_name("grpc.reflection.v1.ServerReflection")
            .build_v1()?,
    );
    routes.add_service(
        builder()
            .with_service_name("grpc.reflection.v1alpha.ServerReflection")
            .build_v1alpha()?,
    );
    Ok(())
}

/// Waits until consumers have settled what they had in hand.
async fn settled(consuming: Vec<JoinHandle<()>>) {
    let all = async {
        for consumer in consuming {
            let _ = consumer.await;
        }
    };
    if timeout(DRAIN, all).await.is_err() {
        tracing::warn!(
            "messages are still being handled after the grace period: they will come again"
        );
    }
}

/// Becomes true at the first signal; the second one ends the process.
fn on_signals() -> Result<watch::Receiver<bool>, BoxError> {
    let (stop, stopping) = watch::channel(false);
    for (kind, number) in [(SignalKind::terminate(), 15), (SignalKind::interrupt(), 2)] {
        let (mut signals, stop) = (signal(kind)?, stop.clone());
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if stop.send_replace(true) {
                    std::process::exit(128 + number);
                }
            }
        });
    }
    Ok(stopping)
}
