//! The body of an answer on its way out: its stream runs in the call's context, ends with its deadline (C1), and tells
//! nothing of our faults (C5).

use std::future::Future;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::pin::Pin;
use std::task::{Context as Poller, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::watch;
use tokio::time::{sleep_until, Instant};
use tonic::body::Body;
use tonic::{Code, Status};

use super::edge::is_fault;
use crate::channel::deadline::exceeded;
use crate::context::Context;
use crate::failure::{Rejection, INTERNAL};

pub(super) fn guard(
    response: Response<Body>,
    context: Context,
    path: String,
    began: Instant,
    mut cut: watch::Receiver<bool>,
) -> Response<Body> {
    let end: Pin<Box<dyn Future<Output = ()> + Send>> = match context.deadline() {
        Some(deadline) => Box::pin(sleep_until(deadline)),
        None => Box::pin(async move {
            if cut.wait_for(|cut| *cut).await.is_err() {
                std::future::pending::<()>().await;
            }
        }),
    };
    response.map(|body| {
        Body::new(Guarded {
            body,
            context,
            path,
            began,
            end: Some(end),
        })
    })
}

/// How a stream without an end of its own ends when the service stops.
pub(crate) fn draining() -> Status {
    Rejection::new(
        Code::Unavailable,
        "the instance stops: call again, and reach another one",
    )
    .reason("SAMSPEL_DRAINING")
    .retryable(true)
    .into()
}

struct Guarded {
    body: Body,
    context: Context,
    path: String,
    began: Instant,
    /// The call's deadline; for a stream without one, the end of the service.
    end: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Guarded {
    fn end_with(&mut self, status: &Status) -> Result<Frame<Bytes>, Status> {
        self.body = Body::empty();
        self.end = None;
        let mut trailers = HeaderMap::new();
        status.add_header(&mut trailers)?;
        Ok(Frame::trailers(trailers))
    }

    fn checked(&mut self, mut frame: Frame<Bytes>) -> Result<Frame<Bytes>, Status> {
        let status = frame.trailers_ref().and_then(Status::from_header_map);
        match status {
            Some(status) if is_fault(&status) => {
                tracing::error!(
                    method = self.path,
                    traceparent = self.context.traceparent(),
                    reason = status.message(),
                    "call failed"
                );
                self.end_with(&Status::internal(INTERNAL))
            }
            _ => {
                if let Some(trailers) = frame.trailers_mut() {
                    trailers.extend(self.context.trailers());
                }
                Ok(frame)
            }
        }
    }
}

impl HttpBody for Guarded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Poller<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let context = self.context.clone();
        let body = &mut self.body;
        let polled = catch_unwind(AssertUnwindSafe(|| {
            context.enter(|| Pin::new(body).poll_frame(cx))
        }));
        match polled {
            Ok(Poll::Ready(Some(Ok(frame)))) => return Poll::Ready(Some(self.checked(frame))),
            Ok(Poll::Ready(other)) => return Poll::Ready(other),
            Ok(Poll::Pending) => {}
            Err(_) => {
                tracing::error!(
                    method = self.path,
                    traceparent = self.context.traceparent(),
                    reason = "its stream panicked",
                    "call failed"
                );
                return Poll::Ready(Some(self.end_with(&Status::internal(INTERNAL))));
            }
        }
        let over = self
            .end
            .as_mut()
            .is_some_and(|end| end.as_mut().poll(cx).is_ready());
        if !over {
            return Poll::Pending;
        }
        let status = context.deadline().map_or_else(draining, |deadline| {
            exceeded(&self.path, deadline, self.began)
        });
        Poll::Ready(Some(self.end_with(&status)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
