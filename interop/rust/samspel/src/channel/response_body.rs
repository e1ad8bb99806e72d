//! A response's body as a caller gets it: it ends with its deadline (C1), and a connection that breaks within it is
//! UNAVAILABLE, not a riddle of HTTP/2.

use std::future::Future;
use std::pin::Pin;
use std::task::{ready, Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame};
use http_body_util::{BodyExt, Full};
use tokio::time::{sleep_until, Instant, Sleep};
use tonic::body::Body;
use tonic::Status;

use super::deadline::exceeded;
use super::failure::Failure;

/// What a body is part of.
#[derive(Clone)]
pub(super) struct Origin {
    pub method: String,
    pub peer: String,
    pub began: Instant,
    pub deadline: Option<Instant>,
}

/// A whole response, read to its end.
pub(super) struct Whole {
    pub data: Bytes,
    pub trailers: Option<HeaderMap>,
}

/// Reads the body of a single response.
pub(super) async fn whole(body: Body) -> Result<Whole, Status> {
    let collected = body.collect().await?;
    let trailers = collected.trailers().cloned();
    Ok(Whole {
        data: collected.to_bytes(),
        trailers,
    })
}

impl Whole {
    /// The same as it came.
    pub fn into_body(self) -> Body {
        let trailers = self.trailers.map(Ok);
        Body::new(Full::new(self.data).with_trailers(std::future::ready(trailers)))
    }
}

/// A stream of responses.
pub(super) fn stream(body: Body, origin: Origin) -> Body {
    let timer = origin
        .deadline
        .map(|deadline| Box::pin(sleep_until(deadline)));
    Body::new(Watched {
        body,
        origin,
        timer,
    })
}

struct Watched {
    body: Body,
    origin: Origin,
    timer: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| {
                frame.map_err(|status| {
                    let Origin { method, peer, .. } = &self.origin;
                    Failure::of_connection(&status.into(), method, peer).status
                })
            }));
        }
        let Some(timer) = self.timer.as_mut() else {
            return Poll::Pending;
        };
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        self.body = Body::empty();
        let Origin {
            method,
            began,
            deadline,
            ..
        } = &self.origin;
        Poll::Ready(Some(Err(exceeded(
            method,
            deadline.unwrap_or(*began),
            *began,
        ))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}
