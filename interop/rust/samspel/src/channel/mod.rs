//! Calls to whoever serves a proto service.
//!
//! - C1. Every call has a deadline: what the caller set, else 10 s (but for streams of responses); never more than is
//!   left of the call on whose behalf it is made. It travels as `grpc-timeout`, and holds across all attempts.
//! - C2. A further attempt is made only when the last one provably never ran, or failed with UNAVAILABLE and the
//!   method's file calls it safe to repeat; at most 3 in all, within deadline and budget, on another instance if there
//!   is one.
//! - C3. Instances take turns; one that was not reached is left out for a second where there are others. One that
//!   leaves the registry gets no new calls, and finishes those that it has.

mod attempts;
mod budget;
pub(crate) mod deadline;
mod failure;
mod peers;
mod request_body;
mod response_body;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};

use http::{Request, Response};
use tonic::body::Body;
use tonic::Status;

use crate::context::Context;
use crate::descriptors::Descriptors;
use crate::registry::Instances;
use budget::Budget;
use peers::Peers;

/// A channel to all live instances of a proto service, for generated clients: `OrderServiceClient::new(channel)`. A
/// clone shares its connections.
///
/// While there is no instance, a call waits for the first one until its deadline.
#[derive(Clone, Debug)]
pub struct Channel(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    peers: Peers,
    descriptors: Descriptors,
    budget: Budget,
}

impl Channel {
    pub(crate) fn new(instances: Instances, registry: String, descriptors: Descriptors) -> Self {
        Self(Arc::new(Shared {
            peers: Peers::new(instances, registry),
            descriptors,
            budget: Budget::default(),
        }))
    }
}

impl tower_service::Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut Poller<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (shared, context) = (Arc::clone(&self.0), Context::current());
        Box::pin(async move { attempts::call(&shared, &context, request).await })
    }
}
