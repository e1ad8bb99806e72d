//! A request's body that can be sent again: a single message always, a stream as long as nothing of it was taken.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tonic::body::Body;
use tonic::Status;

pub(super) enum RequestBody {
    Single(Bytes),
    Stream(Arc<Mutex<Lent>>),
}

pub(super) struct Lent {
    body: Body,
    begun: bool,
}

impl RequestBody {
    /// Takes the one message of a request.
    pub async fn single(body: Body) -> Result<Self, Status> {
        Ok(Self::Single(body.collect().await?.to_bytes()))
    }

    pub fn stream(body: Body) -> Self {
        Self::Stream(Arc::new(Mutex::new(Lent { body, begun: false })))
    }

    /// The body of one attempt.
    pub fn lend(&self) -> Body {
        match self {
            Self::Single(message) => Body::new(Full::new(message.clone())),
            Self::Stream(lent) => Body::new(LentBody(Arc::clone(lent))),
        }
    }

    pub fn is_whole(&self) -> bool {
        match self {
            Self::Single(_) => true,
            Self::Stream(lent) => !lent.lock().unwrap_or_else(PoisonError::into_inner).begun,
        }
    }
}

struct LentBody(Arc<Mutex<Lent>>);

impl HttpBody for LentBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut lent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let polled = Pin::new(&mut lent.body).poll_frame(cx);
        // What was asked for and not given yet is still there for the next one.
        lent.begun |= polled.is_ready();
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .body
            .is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .body
            .size_hint()
    }
}
