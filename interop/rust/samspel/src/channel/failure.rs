//! What a failed attempt means. Did the handler surely not run, and whose answer is it: the peer's or the connection's?

use std::error::Error as StdError;

use tonic::{Code, ConnectError, Status};

use crate::error::{chain, BoxError};
use crate::failure::Rejection;

/// An attempt that failed on this side of the connection.
#[derive(Debug)]
pub(super) struct Failure {
    pub status: Status,
    /// The request provably never reached a handler.
    pub never_ran: bool,
    /// The connection is at fault, so the instance is better left alone for a moment.
    pub peer_is_away: bool,
}

impl Failure {
    /// The peer answered, with an error.
    pub fn of_peer(status: Status) -> Self {
        Self {
            status,
            never_ran: false,
            peer_is_away: false,
        }
    }

    /// The connection failed.
    pub fn of_connection(error: &BoxError, method: &str, peer: &str) -> Self {
        let never_ran = causes(&**error).any(never_ran);
        let (reason, what) = if never_ran {
            ("SAMSPEL_INSTANCE_UNREACHABLE", "Cannot reach")
        } else {
            ("SAMSPEL_CONNECTION_LOST", "Lost the connection to")
        };
        let method = method.trim_start_matches('/');
        let message = format!("{what} {peer} for {method}: {}", chain(&**error));
        let status = Rejection::new(Code::Unavailable, message)
            .reason(reason)
            .retryable(true)
            .metadata("instance", peer);
        Self {
            status: status.into(),
            never_ran,
            peer_is_away: true,
        }
    }
}

fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        StdError::source(*error)
    })
}

fn never_ran(cause: &(dyn StdError + 'static)) -> bool {
    if cause.is::<ConnectError>() {
        return true;
    }
    // hyper gives a request back that was still in its queue when the connection ended.
    if cause
        .downcast_ref::<hyper::Error>()
        .is_some_and(hyper::Error::is_canceled)
    {
        return true;
    }
    // HTTP/2 promises that a refused stream was not processed, nor one beyond what a graceful GOAWAY names
    // (RFC 9113, 8.7 and 6.8); h2 gives that error to those streams only.
    cause.downcast_ref::<h2::Error>().is_some_and(|error| {
        error.reason() == Some(h2::Reason::REFUSED_STREAM)
            || (error.is_go_away()
                && error.is_remote()
                && error.reason() == Some(h2::Reason::NO_ERROR))
    })
}
