//! One call as a series of attempts, each on a live instance (C1 to C3).

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use tokio::time::{sleep, timeout_at, Instant};
use tonic::body::Body;
use tonic::{Code, Status};
use tower_service::Service as _;

use super::deadline::{
    effective, exceeded, format_timeout, parse_timeout, DEFAULT, GRPC_TIMEOUT, MARGIN,
};
use super::failure::Failure;
use super::peers::Peer;
use super::request_body::RequestBody;
use super::response_body::{stream, whole, Origin};
use super::Shared;
use crate::context::Context;
use crate::descriptors::MethodInfo;
use crate::failure::error_detail;

const MOST_ATTEMPTS: usize = 3;
const FIRST_WAIT: Duration = Duration::from_millis(25);

/// What is sent in each attempt.
struct Call<'a> {
    shared: &'a Shared,
    head: http::request::Parts,
    body: RequestBody,
    method: Option<&'a MethodInfo>,
    began: Instant,
    deadline: Option<Instant>,
}

/// Makes attempts until one succeeds or the last one's error is final.
pub(super) async fn call(
    shared: &Shared,
    context: &Context,
    request: Request<Body>,
) -> Result<Response<Body>, Status> {
    let began = Instant::now();
    let (mut head, body) = request.into_parts();
    let method = shared.descriptors.method(head.uri.path());
    let is_single = method.is_some_and(|method| !method.client_streaming);
    let body = if is_single {
        RequestBody::single(body).await?
    } else {
        RequestBody::stream(body)
    };
    carry_trace(&mut head.headers, context);
    let deadline = deadline_of(&head.headers, context, method, began);
    // What streams without a deadline is still waited for no longer than anything else until it begins.
    let begins_by = deadline.unwrap_or(began + DEFAULT);
    let call = Call {
        shared,
        head,
        body,
        method,
        began,
        deadline,
    };
    match timeout_at(begins_by, call.run()).await {
        Ok(answer) => answer,
        Err(_) if shared.peers.are_none() => Err(shared.peers.no_instance()),
        Err(_) => Err(exceeded(call.head.uri.path(), begins_by, began)),
    }
}

impl Call<'_> {
    async fn run(&self) -> Result<Response<Body>, Status> {
        self.shared.budget.earn();
        let mut tried = Vec::new();
        loop {
            let peer = self.shared.peers.next(&tried).await?;
            tried.push(Arc::clone(&peer));
            let failure = match self.attempt(&peer).await {
                Ok(response) => {
                    peer.note(true);
                    return Ok(response);
                }
                Err(failure) => failure,
            };
            if failure.peer_is_away && self.is_over() {
                return Err(exceeded(
                    self.head.uri.path(),
                    self.deadline.unwrap_or(self.began),
                    self.began,
                ));
            }
            peer.note(!failure.peer_is_away);
            let Some(wait) = self.wait_before_next(&failure, &tried) else {
                return Err(failure.status);
            };
            tracing::debug!(
                method = self.head.uri.path(),
                attempt = tried.len(),
                reason = failure.status.message(),
                "a call is tried again"
            );
            sleep(wait).await;
        }
    }

    /// Whether what failed did so because its time is over: whoever notices that first.
    fn is_over(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() + MARGIN >= deadline)
    }

    /// How long to wait before another attempt; nothing where there is to be none.
    fn wait_before_next(&self, failure: &Failure, tried: &[Arc<Peer>]) -> Option<Duration> {
        let repeatable = self.method.is_some_and(MethodInfo::is_repeatable);
        let helps = failure.never_ran || (failure.status.code() == Code::Unavailable && repeatable);
        if !helps || tried.len() >= MOST_ATTEMPTS || !self.body.is_whole() {
            return None;
        }
        // The first retry of what never ran costs nothing, as gRPC's transparent retries (gRFC A6).
        let free = failure.never_ran && tried.len() == 1;
        if !free && !self.shared.budget.spend() {
            return None;
        }
        let asked = error_detail(&failure.status).and_then(|detail| detail.retry_after);
        let asked = asked
            .and_then(|after| Duration::try_from(after).ok())
            .unwrap_or_default();
        let pause = FIRST_WAIT * (1 << tried.len()) / 2;
        let own = if self.shared.peers.has_other(tried) {
            Duration::ZERO
        } else {
            pause.mul_f64(0.5 + 0.5 * rand::random::<f64>())
        };
        let wait = asked.max(own);
        self.deadline
            .is_none_or(|deadline| Instant::now() + wait < deadline)
            .then_some(wait)
    }

    async fn attempt(&self, peer: &Peer) -> Result<Response<Body>, Failure> {
        let mut request = Request::from_parts(self.head.clone(), self.body.lend());
        if let Some(deadline) = self.deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            request
                .headers_mut()
                .insert(GRPC_TIMEOUT, format_timeout(left + MARGIN));
        }
        let (method, authority) = (self.head.uri.path(), peer.instance.authority());
        let lost = |error| Failure::of_connection(&error, method, &authority);
        let mut channel = peer.channel.clone();
        std::future::poll_fn(|cx| channel.poll_ready(cx))
            .await
            .map_err(|error| lost(error.into()))?;
        let response = channel
            .call(request)
            .await
            .map_err(|error| lost(error.into()))?;
        if let Some(failure) = refusal(response.headers(), self.method) {
            return Err(failure);
        }
        let (head, body) = response.into_parts();
        let is_single = self.method.is_some_and(|method| !method.server_streaming);
        if !is_single {
            let origin = Origin {
                method: method.to_owned(),
                peer: authority,
                began: self.began,
                deadline: self.deadline,
            };
            return Ok(Response::from_parts(head, stream(body, origin)));
        }
        let whole = whole(body).await.map_err(|status| lost(status.into()))?;
        let failure = whole
            .trailers
            .as_ref()
            .and_then(|trailers| refusal(trailers, self.method));
        match failure {
            Some(failure) => Err(failure),
            None => Ok(Response::from_parts(head, whole.into_body())),
        }
    }
}

/// The error that a peer answered with, where a further attempt may be worth it: all else goes to the caller as it came.
fn refusal(headers: &HeaderMap, method: Option<&MethodInfo>) -> Option<Failure> {
    let status = Status::from_header_map(headers)?;
    let repeatable = method.is_some_and(MethodInfo::is_repeatable);
    (status.code() == Code::Unavailable && repeatable).then(|| Failure::of_peer(status))
}

fn carry_trace(headers: &mut HeaderMap, context: &Context) {
    // A tracer of the program's own has set these already, and knows better.
    if headers.contains_key(&crate::context::TRACE_HEADERS[0]) {
        return;
    }
    for (name, value) in context.trace() {
        headers.entry(name).or_insert_with(|| value.clone());
    }
}

fn deadline_of(
    headers: &HeaderMap,
    context: &Context,
    method: Option<&MethodInfo>,
    began: Instant,
) -> Option<Instant> {
    let own = parse_timeout(headers).map(|timeout| began + timeout.saturating_sub(MARGIN));
    // Without descriptors it is not known what streams, and an open stream must not be cut.
    let is_single = method.is_some_and(|method| !method.server_streaming);
    effective(
        own,
        context.deadline(),
        is_single.then_some(began + DEFAULT),
    )
}
