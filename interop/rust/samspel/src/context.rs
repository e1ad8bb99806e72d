//! What a call, a tell or a message hands on to all that is done on its behalf: its deadline and its trace (C1, A3).
//!
//! It travels with the task. What a handler hands to `tokio::spawn` begins without, unless it takes it along:
//!
//! ```no_run
//! # async fn work() {}
//! tokio::spawn(samspel::Context::current().scope(work()));
//! ```

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::poll_fn;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};

tokio::task_local! {
    static CURRENT: Context;
}

/// Without an OpenTelemetry SDK in the process the trace goes through as it came; with one, its propagator sets these
/// headers first, and they are left alone.
pub(crate) const TRACE_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("baggage"),
];

pub(crate) const COMMAND_ID: HeaderName = HeaderName::from_static("samspel-command-id");

/// What is being answered here. A clone is cheap.
#[derive(Debug, Clone, Default)]
pub struct Context(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    deadline: Option<Instant>,
    trace: Vec<(HeaderName, HeaderValue)>,
    command_id: Option<String>,
    /// `service/Method`
    method: String,
    trailers: Mutex<MetadataMap>,
}

impl Context {
    /// The context of the handler that calls this; an empty one elsewhere.
    #[must_use]
    pub fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_default()
    }

    /// When the caller stops waiting. The handler is dropped then; what it calls ends by the same time.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline
    }

    /// How long the caller still waits.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.0
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// The id under which a command is to have its effect once: a tell's id, or what the caller of a call gave.
    #[must_use]
    pub fn command_id(&self) -> Option<&str> {
        self.0.command_id.as_deref()
    }

    /// The method that is being answered, as `service/Method`; empty elsewhere.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.0.method
    }

    /// The W3C trace that this belongs to.
    #[must_use]
    pub fn traceparent(&self) -> Option<&str> {
        let (_, value) = self
            .0
            .trace
            .iter()
            .find(|(name, _)| *name == TRACE_HEADERS[0])?;
        value.to_str().ok()
    }

    /// Sends metadata after the response, as a trailer. tonic itself does so for failed calls only.
    ///
    /// # Panics
    ///
    /// Where `name` is no name of metadata.
    pub fn set_trailer(&self, name: &'static str, value: MetadataValue<Ascii>) {
        self.0
            .trailers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name, value);
    }

    /// What is to be sent after the response.
    pub(crate) fn trailers(&self) -> HeaderMap {
        self.0
            .trailers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .into_headers()
    }

    /// A context without a deadline, within a trace: for programs that begin one themselves.
    #[must_use]
    pub fn with_traceparent(traceparent: &str) -> Self {
        let trace = trace_of(|name| (*name == TRACE_HEADERS[0]).then_some(traceparent));
        Self(Arc::new(Inner {
            trace,
            ..Inner::default()
        }))
    }

    /// Runs a future in this context.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }

    /// The context of a request that arrived.
    pub(crate) fn of_request(path: &str, headers: &HeaderMap, deadline: Option<Instant>) -> Self {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        Self(Arc::new(Inner {
            deadline,
            trace: trace_of(text),
            command_id: text(&COMMAND_ID)
                .filter(|id| !id.is_empty())
                .map(str::to_owned),
            method: path.trim_start_matches('/').to_owned(),
            trailers: Mutex::default(),
        }))
    }

    /// The context of a message that arrived.
    pub(crate) fn of_message<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Self {
        let trace = trace_of(|name| header(name.as_str()));
        Self(Arc::new(Inner {
            trace,
            ..Inner::default()
        }))
    }

    /// What a request or a message that is sent from here carries on, by name.
    pub(crate) fn trace(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.trace
    }

    /// Polls something as part of this context.
    pub(crate) fn enter<T>(&self, poll: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), poll)
    }
}

/// The trace that came: what is malformed is dropped, not mended; a tracestate goes only with its traceparent.
fn trace_of<'a>(header: impl Fn(&HeaderName) -> Option<&'a str>) -> Vec<(HeaderName, HeaderValue)> {
    let [parent, state, baggage] = &TRACE_HEADERS;
    let of_parent = header(parent).filter(|value| is_traceparent(value));
    let of_state = of_parent.and_then(|_| header(state));
    let all = [
        (parent, of_parent),
        (state, of_state),
        (baggage, header(baggage)),
    ];
    let value = |(name, text): (&HeaderName, Option<&str>)| {
        let value = HeaderValue::from_str(text.filter(|text| !text.is_empty())?).ok()?;
        Some((name.clone(), value))
    };
    all.into_iter().filter_map(value).collect()
}

/// W3C Trace Context: `00-<trace id>-<parent id>-<flags>`; later versions may have more behind.
fn is_traceparent(text: &str) -> bool {
    let is_hex = |part: &str, length: usize| {
        part.len() == length
            && part
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_id =
        |part: &str, length: usize| is_hex(part, length) && part.bytes().any(|byte| byte != b'0');
    let mut parts = text.splitn(5, '-');
    let mut next = || parts.next().unwrap_or_default();
    let (version, trace, parent, flags, more) = (next(), next(), next(), next(), parts.next());
    is_hex(version, 2)
        && version != "ff"
        && is_id(trace, 32)
        && is_id(parent, 16)
        && is_hex(flags, 2)
        && (version != "00" || more.is_none())
}

/// Runs a future until a panic, which is given back as text: what panics must not take a whole connection with it.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, String> {
    let mut future: Pin<Box<F>> = Box::pin(future);
    poll_fn(move |cx| {
        let polled =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| future.as_mut().poll(cx)));
        match polled {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic_text(&*panic))),
        }
    })
    .await
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("it panicked: {}", text.unwrap_or("no message"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_is_passed_on_as_in_every_language() {
        let vectors = crate::vectors::read("trace");
        for vector in crate::vectors::list(&vectors["vectors"]) {
            let found = trace_of(|name| vector["incoming"][name.as_str()].as_str());
            let found = found
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()));
            let expected = vector["passedOn"].as_object().unwrap();
            assert_eq!(
                &found.collect::<serde_json::Map<_, _>>(),
                expected,
                "{}",
                vector["about"]
            );
        }
    }

    #[tokio::test]
    async fn current_is_that_of_the_scope_and_empty_elsewhere() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let inside = Context::with_traceparent(parent)
            .scope(async { Context::current() })
            .await;
        assert_eq!(inside.traceparent(), Some(parent));
        assert_eq!(Context::current().traceparent(), None);
    }

    #[tokio::test]
    async fn caught_gives_a_panic_back_as_text() {
        assert_eq!(caught(async { 1 }).await, Ok(1));
        let panicking = caught(async { panic!("number {}", 7) });
        assert_eq!(
            panicking.await.map(|()| 0),
            Err("it panicked: number 7".to_owned())
        );
    }
}
