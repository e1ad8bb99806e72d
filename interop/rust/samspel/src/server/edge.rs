//! What stands before every handler, for calls and for tells.
//!
//! - C1. A call has a deadline: its caller's, else 10 s (but for streams). When it is over, the handler is
//!   dropped and the caller gets `DEADLINE_EXCEEDED`. When the caller goes away, the handler is dropped as well.
//! - C5. Errors are statuses: what is a fault of ours reaches the caller as INTERNAL without a word of it, and stands in
//!   the log whole. That is a panic, and a status UNKNOWN or INTERNAL without an `ErrorDetail`.
//! - A3. What the handler does on behalf of the call carries its trace and its deadline on ([`Context`]).

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Poller, Poll};

use http::{HeaderMap, Request, Response};
use tokio::sync::watch;
use tokio::time::{timeout_at, Instant};
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Code, Status};
use tower_layer::Layer;
use tower_service::Service;

use super::response_body;
use crate::channel::deadline::{exceeded, parse_timeout, DEFAULT, MARGIN};
use crate::context::{caught, Context};
use crate::descriptors::Descriptors;
use crate::error::chain;
use crate::failure::{error_detail, INTERNAL};

/// What is put before the routes. `cut` becomes true when streams without a deadline are to end.
#[derive(Clone, Debug)]
pub(crate) struct EdgeLayer {
    pub descriptors: Descriptors,
    pub cut: watch::Receiver<bool>,
}

impl Layer<Routes> for EdgeLayer {
    type Service = Edge;

    fn layer(&self, inner: Routes) -> Edge {
        Edge {
            inner,
            descriptors: self.descriptors.clone(),
            cut: self.cut.clone(),
        }
    }
}

/// All that a service serves, with what stands before it. A clone is the same service.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    inner: Routes,
    descriptors: Descriptors,
    cut: watch::Receiver<bool>,
}

impl Service<Request<Body>> for Edge {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Poller<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let began = Instant::now();
        let path = request.uri().path().to_owned();
        let deadline = self.deadline_of(&path, request.headers(), began);
        let context = Context::of_request(&path, request.headers(), deadline);
        let cut = self.cut.clone();
        let answering = context.enter(|| self.inner.call(request));
        Box::pin(async move {
            let handling = caught(context.clone().scope(answering));
            let handled = match deadline {
                Some(deadline) => timeout_at(deadline, handling).await,
                None => Ok(handling.await),
            };
            let response = match handled {
                Ok(Ok(Ok(response))) => response,
                Ok(Ok(Err(never))) => match never {},
                Ok(Err(panic)) => {
                    let traceparent = context.traceparent();
                    tracing::error!(method = path, traceparent, reason = panic, "call failed");
                    Status::internal(INTERNAL).into_http()
                }
                Err(_) => exceeded(&path, deadline.unwrap_or(began), began).into_http(),
            };
            Ok(response_body::guard(
                at_edge(response, &path, &context),
                context,
                path,
                began,
                cut,
            ))
        })
    }
}

impl Edge {
    fn deadline_of(&self, path: &str, headers: &HeaderMap, began: Instant) -> Option<Instant> {
        let method = self.descriptors.method(path);
        let is_unary =
            method.is_some_and(|method| !method.client_streaming && !method.server_streaming);
        let timeout = parse_timeout(headers).or(is_unary.then_some(DEFAULT))?;
        Some(began + timeout.saturating_sub(MARGIN))
    }
}

/// An answer that failed before it began, as it may leave.
fn at_edge(response: Response<Body>, path: &str, context: &Context) -> Response<Body> {
    let Some(status) = Status::from_header_map(response.headers()) else {
        return response;
    };
    let traceparent = context.traceparent();
    // tonic leaves the status itself there, which still has its causes.
    let cause = response
        .extensions()
        .get::<Status>()
        .and_then(std::error::Error::source);
    if is_fault(&status) {
        tracing::error!(
            method = path,
            traceparent,
            reason = reason_of(&status, cause),
            "call failed"
        );
        return Status::internal(INTERNAL).into_http();
    }
    if let Some(cause) = cause {
        tracing::warn!(
            method = path,
            traceparent,
            reason = reason_of(&status, Some(cause)),
            "call failed"
        );
    }
    response
}

/// Whether a status is none that a handler chose for its caller to see.
pub(super) fn is_fault(status: &Status) -> bool {
    matches!(status.code(), Code::Unknown | Code::Internal) && error_detail(status).is_none()
}

fn reason_of(status: &Status, cause: Option<&(dyn std::error::Error + 'static)>) -> String {
    cause.map_or_else(|| status.message().to_owned(), chain)
}
