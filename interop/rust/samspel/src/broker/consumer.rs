//! Consumes a partitioned stream (T2), for topics and for tells.
//!
//! 1. Each partition has one durable consumer with at most one message on its way, so that a key's messages are handled
//!    in order on any number of instances, without leases.
//! 2. What fails is tried again with backoff: the broker counts the deliveries. After the last attempt the message is
//!    buried and its partition goes on. What cannot be decoded is buried at once.
//! 3. What waits for something that is away is no failure of the message: it is kept and tried again, for ever, and
//!    counts no attempt.
//! 4. A message is acknowledged after its work is done, never before: at least once.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy};
use async_nats::jetstream::AckKind;
use async_nats::HeaderMap;
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{timeout, Instant};

use super::connection::Broker;
use crate::backoff::{backoff, backoff_up_to, LONGEST};
use crate::context::caught;
use crate::error::{BoxError, Error};

/// How long a pull waits for a message; so it bounds the stop, and the way back after a restart of the broker.
const PULL: Duration = Duration::from_secs(1);
/// A pull that ends sooner without a message did not wait: its consumer is gone.
const TOO_SOON: Duration = Duration::from_millis(500);
/// What the answer to a pull may take beyond that.
const PATIENCE: Duration = Duration::from_secs(2);
const ACK_WAIT: Duration = Duration::from_secs(10);
const PROGRESS: Duration = Duration::from_secs(3);

/// A message as the broker delivered it.
pub(crate) struct Delivery {
    message: async_nats::jetstream::Message,
    pub stream: String,
    pub sequence: u64,
    /// 1, 2, 3 …
    pub attempt: u32,
}

impl Delivery {
    fn new(message: async_nats::jetstream::Message) -> Result<Self, BoxError> {
        let info = message.info()?;
        let (stream, sequence) = (info.stream.to_owned(), info.stream_sequence);
        let attempt = u32::try_from(info.delivered).unwrap_or(u32::MAX);
        Ok(Self {
            message,
            stream,
            sequence,
            attempt,
        })
    }

    pub fn headers(&self) -> Option<&HeaderMap> {
        self.message.headers.as_ref()
    }

    pub fn body(&self) -> Bytes {
        self.message.payload.clone()
    }

    pub fn subject(&self) -> &str {
        &self.message.subject
    }

    async fn settle(&self, kind: AckKind) -> Result<(), BoxError> {
        self.message.ack_with(kind).await
    }

    /// Where this does not arrive, the message comes again, to whoever is there then: work that runs is not ended by it.
    async fn in_progress(&self) {
        if let Err(error) = self.settle(AckKind::Progress).await {
            tracing::debug!(reason = %error, "the broker does not know that a message is in progress");
        }
    }
}

/// Why the work of a message is not done.
pub(crate) enum Trouble {
    /// What it needs is away.
    Waits(String),
    /// It failed; another attempt may help.
    Failed(String),
    /// It failed, and no further attempt would help.
    Final(String),
}

/// What is done with messages.
pub(crate) trait Work: Send + Sync + 'static {
    /// The name of the topic, for subjects of dead letters and for the log.
    fn topic(&self) -> &str;
    fn group(&self) -> &str;
    fn attempts(&self) -> u32;
    /// The longest wait between attempts.
    fn longest_wait(&self) -> Duration {
        LONGEST
    }
    fn partitions(&self) -> u32;
    /// The subject of a partition.
    fn subject(&self, partition: u32) -> String;
    /// Makes the streams where they are missing, and gives the name of the one that is consumed.
    fn ensure(&self) -> impl Future<Output = Result<String, Error>> + Send;
    fn attempt(&self, delivery: &Delivery) -> impl Future<Output = Result<(), Trouble>> + Send;
    /// Gives a message up: returns when what is to stay of it is stored.
    fn bury(
        &self,
        delivery: &Delivery,
        error: &str,
        rejected: bool,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Creates what the broker lacks, and begins to consume. The tasks end some time after `stopping` is true, when what is
/// in hand is settled.
pub(crate) async fn consume<W: Work>(
    work: W,
    broker: &Broker,
    stopping: watch::Receiver<bool>,
) -> Result<Vec<JoinHandle<()>>, Error> {
    let work = Arc::new(work);
    work.ensure().await?;
    tracing::info!(topic = work.topic(), group = work.group(), "subscribed");
    let spawn = |number| {
        let lane = Partition {
            work: Arc::clone(&work),
            broker: broker.clone(),
            number,
            stopping: stopping.clone(),
        };
        tokio::spawn(lane.run())
    };
    Ok((0..work.partitions()).map(spawn).collect())
}

struct Partition<W> {
    work: Arc<W>,
    broker: Broker,
    number: u32,
    stopping: watch::Receiver<bool>,
}

impl<W: Work> Partition<W> {
    /// Whatever happens, a partition must not stay unread.
    async fn run(mut self) {
        let mut failures = 0;
        while !*self.stopping.borrow() {
            let began = Instant::now();
            let Err(error) = self.consume().await else {
                return;
            };
            failures = if began.elapsed() > ACK_WAIT {
                1
            } else {
                failures + 1
            };
            if failures == 1 {
                let (topic, partition) = (self.work.topic(), self.number);
                tracing::warn!(topic, partition, reason = %error, "consumer interrupted");
            }
            self.pause(backoff(failures)).await;
        }
    }

    async fn consume(&mut self) -> Result<(), BoxError> {
        let consumer = self.bind().await?;
        while !*self.stopping.borrow() {
            if !self.broker.is_connected() {
                self.pause(Duration::from_millis(100)).await;
                continue;
            }
            let began = Instant::now();
            let mut batch = consumer
                .batch()
                .max_messages(1)
                .expires(PULL)
                .messages()
                .await?;
            match timeout(PULL + PATIENCE, batch.next()).await {
                Ok(Some(message)) => {
                    self.settle(&Delivery::new(message?)?).await?;
                }
                Ok(None) if began.elapsed() < TOO_SOON => return Err("the consumer is gone".into()),
                Ok(None) | Err(_) => {}
            }
        }
        Ok(())
    }

    async fn bind(&self) -> Result<Consumer<Config>, BoxError> {
        let stream = self.work.ensure().await?;
        let config = Config {
            durable_name: Some(format!("{}-{}", self.work.group(), self.number)),
            filter_subject: self.work.subject(self.number),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            max_ack_pending: 1,
            max_deliver: -1,
            ..Config::default()
        };
        let js = self.broker.jetstream().await?;
        Ok(js.create_consumer_on_stream(config, stream).await?)
    }

    async fn settle(&mut self, delivery: &Delivery) -> Result<(), BoxError> {
        let (topic, sequence, attempt) = (
            self.work.topic().to_owned(),
            delivery.sequence,
            delivery.attempt,
        );
        let (error, rejected) = match self.attempt(delivery).await {
            Ok(()) => return delivery.settle(AckKind::Ack).await,
            Err(Trouble::Final(error)) => (error, true),
            Err(Trouble::Failed(error)) if attempt >= self.work.attempts() => (error, false),
            Err(Trouble::Failed(reason) | Trouble::Waits(reason)) => {
                let delay = backoff_up_to(self.work.longest_wait(), attempt);
                tracing::warn!(topic, sequence, attempt, reason, "message failed");
                return delivery.settle(AckKind::Nak(Some(delay))).await;
            }
        };
        tracing::error!(
            topic,
            sequence,
            attempt,
            reason = error,
            "dead letter: the last attempt failed"
        );
        self.work.bury(delivery, &error, rejected).await?;
        delivery.settle(AckKind::Term).await
    }

    /// Does the work, and tells the broker meanwhile that the message is in good hands.
    async fn attempt(&mut self, delivery: &Delivery) -> Result<(), Trouble> {
        let mut waits = 0;
        loop {
            let work = Arc::clone(&self.work);
            let mut working = pin!(caught(work.attempt(delivery)));
            let done = loop {
                match timeout(PROGRESS, &mut working).await {
                    Ok(done) => break done,
                    Err(_) => delivery.in_progress().await,
                }
            };
            match done {
                Err(panic) => return Err(Trouble::Failed(panic)),
                Ok(Err(Trouble::Waits(reason))) if !*self.stopping.borrow() => {
                    waits += 1;
                    if waits == 1 {
                        let (topic, sequence) = (self.work.topic(), delivery.sequence);
                        tracing::warn!(topic, sequence, reason, "message waits");
                    }
                }
                Ok(done) => return done,
            }
            delivery.in_progress().await;
            self.pause(backoff(waits)).await;
        }
    }

    /// Sleeps, unless a stop comes first.
    async fn pause(&mut self, duration: Duration) {
        let _ = timeout(duration, self.stopping.wait_for(|stopping| *stopping)).await;
    }
}
