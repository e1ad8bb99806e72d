//! The connection to NATS, for the life of the process. It reconnects for ever.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{jetstream, ConnectOptions, Event};
use tokio::sync::OnceCell;
use tokio::time::{sleep, Instant};

use super::lanes::Lanes;
use crate::error::{chain, Error};
use crate::redact::redact_url;
use crate::settings::Settings;

const FIRST_CONNECT: Duration = Duration::from_secs(10);
const TRY: Duration = Duration::from_secs(3);
const RECONNECT: Duration = Duration::from_millis(250);
const FLUSH: Duration = Duration::from_secs(2);

/// Holds one client, which connects when it is first used. A clone is the same.
#[derive(Debug, Clone)]
pub(crate) struct Broker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: String,
    url: String,
    prefix: String,
    client: OnceCell<async_nats::Client>,
    lanes: Lanes,
}

impl Broker {
    /// Checks the settings; it does not connect yet.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        Ok(Self(Arc::new(Inner {
            service: settings.service().to_owned(),
            url: settings.nats_url()?.to_owned(),
            prefix: settings.topic_prefix()?.to_owned(),
            client: OnceCell::new(),
            lanes: Lanes::default(),
        })))
    }

    /// `SAMSPEL_TOPIC_PREFIX`.
    pub fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// The service that publishes and tells.
    pub fn service(&self) -> &str {
        &self.0.service
    }

    pub fn lanes(&self) -> &Lanes {
        &self.0.lanes
    }

    /// The client; where no server answers within 10 s, the first use fails.
    pub async fn client(&self) -> Result<&async_nats::Client, Error> {
        self.0.client.get_or_try_init(|| self.connect()).await
    }

    pub async fn jetstream(&self) -> Result<jetstream::Context, Error> {
        Ok(jetstream::new(self.client().await?.clone()))
    }

    pub fn is_connected(&self) -> bool {
        self.0
            .client
            .get()
            .is_some_and(|client| client.connection_state() == State::Connected)
    }

    /// Sends what is on its way. A connection that is lost by then is left as it is.
    pub async fn close(&self) {
        let Some(client) = self.0.client.get().filter(|_| self.is_connected()) else {
            return;
        };
        if !matches!(
            tokio::time::timeout(FLUSH, client.flush()).await,
            Ok(Ok(()))
        ) {
            tracing::warn!("acknowledgements may be lost");
        }
    }

    async fn connect(&self) -> Result<async_nats::Client, Error> {
        let ends_at = Instant::now() + FIRST_CONNECT;
        loop {
            match self.options().connect(self.0.url.as_str()).await {
                Ok(client) => return Ok(client),
                Err(_) if Instant::now() + RECONNECT < ends_at => sleep(RECONNECT).await,
                Err(error) => {
                    return Err(Error::Configuration(format!(
                        "Cannot start {} as no NATS server answers at NATS_URL {}: {}",
                        self.0.service,
                        redact_url(&self.0.url),
                        chain(&error)
                    )));
                }
            }
        }
    }

    fn options(&self) -> ConnectOptions {
        let lost = Arc::new(AtomicBool::new(false));
        ConnectOptions::new()
            .name(&self.0.service)
            .connection_timeout(TRY)
            .request_timeout(Some(Duration::from_secs(5)))
            .reconnect_delay_callback(|_| RECONNECT)
            .event_callback(move |event| {
                let lost = Arc::clone(&lost);
                async move {
                    match event {
                        Event::Connected if lost.swap(false, Ordering::Relaxed) => {
                            tracing::info!("NATS connection restored");
                        }
                        Event::Disconnected if !lost.swap(true, Ordering::Relaxed) => {
                            tracing::warn!("NATS connection lost");
                        }
                        other => tracing::debug!(event = %other, "NATS"),
                    }
                }
            })
    }
}
