//! How a handler says that it failed, and what a caller learns of that (C5).
//!
//! A handler refuses a request with a [`Rejection`]; what it needs and does not have makes a failure
//! [`Unavailable`](Failure::Unavailable); everything else is a fault of ours: callers get INTERNAL without a message,
//! the log has the rest.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use tonic::{Code, Status};

use crate::error::{BoxError, Error};
use crate::v1::ErrorDetail;

const DETAIL_TYPE: &str = "type.googleapis.com/samspel.v1.ErrorDetail";
pub(crate) const DATABASE_UNREACHABLE: &str = "SAMSPEL_DATABASE_UNREACHABLE";

/// A refusal that the caller can act on: it gets the code, the message and the details.
///
/// ```
/// use samspel::Rejection;
/// use tonic::{Code, Status};
///
/// let status: Status = Rejection::new(Code::FailedPrecondition, "quince is short")
///     .reason("INVENTORY_SHORT")
///     .metadata("available", "4")
///     .into();
/// assert_eq!(samspel::error_detail(&status).unwrap().code, "INVENTORY_SHORT");
/// ```
#[derive(Debug, Clone)]
pub struct Rejection {
    code: Code,
    message: String,
    detail: ErrorDetail,
}

impl Rejection {
    /// A refusal with reason `SAMSPEL_REJECTED`, that a retry does not help.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let detail = ErrorDetail {
            code: "SAMSPEL_REJECTED".to_owned(),
            ..ErrorDetail::default()
        };
        Self {
            code,
            message: message.into(),
            detail,
        }
    }

    /// The stable code that programs look at.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.detail.code = reason.into();
        self
    }

    /// Says whether the same request may succeed when it is sent again.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.detail.retryable = retryable;
        self
    }

    /// Says how long a caller should wait before it tries again.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.detail.retry_after = after.try_into().ok();
        self
    }

    /// A fact for programs; it travels to the caller, so put no secret here.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.detail.metadata.insert(name.into(), value.into());
        self
    }

    /// Several facts at once.
    #[must_use]
    pub fn with_metadata(mut self, metadata: HashMap<String, String>) -> Self {
        self.detail.metadata.extend(metadata);
        self
    }
}

impl From<Rejection> for Status {
    fn from(rejection: Rejection) -> Self {
        let detail = prost_types::Any {
            type_url: DETAIL_TYPE.to_owned(),
            value: rejection.detail.encode_to_vec(),
        };
        let details = RpcStatus {
            code: rejection.code as i32,
            message: rejection.message.clone(),
            details: vec![detail],
        };
        Status::with_details(
            rejection.code,
            rejection.message,
            details.encode_to_vec().into(),
        )
    }
}

/// The detail that a failed call's status carries, if it has one.
#[must_use]
pub fn error_detail(status: &Status) -> Option<ErrorDetail> {
    let details = status_details(status);
    let packed = details.iter().find(|any| any.type_url == DETAIL_TYPE)?;
    ErrorDetail::decode(&*packed.value).ok()
}

/// All details of a status, as they travel in `grpc-status-details-bin`.
pub(crate) fn status_details(status: &Status) -> Vec<prost_types::Any> {
    RpcStatus::decode(status.details()).map_or_else(|_| Vec::new(), |status| status.details)
}

/// A status with details as [`status_details`] gives them.
pub(crate) fn status_with(code: Code, message: String, details: Vec<prost_types::Any>) -> Status {
    let encoded = RpcStatus {
        code: code as i32,
        message: message.clone(),
        details,
    };
    Status::with_details(code, message, encoded.encode_to_vec().into())
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// Why a handler failed. `?` makes one of any error.
///
/// Errors that say that a database or a service is away become [`Unavailable`](Failure::Unavailable) by themselves:
/// those of `tokio-postgres`, its pool, and a [`Status`] with that code.
#[derive(Debug)]
pub enum Failure {
    /// The handler says no, and another attempt would not change that, unless the code says otherwise.
    Rejected(Box<Status>),
    /// What the handler needs is away, and comes back. Callers may retry; a message waits, and counts no attempt.
    Unavailable(BoxError),
    /// Anything else.
    Other(BoxError),
}

impl Failure {
    /// What the handler needs is away.
    pub fn unavailable(source: impl Into<BoxError>) -> Self {
        Self::Unavailable(source.into())
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(Box::new(rejection.into()))
    }
}

impl<E> From<E> for Failure
where
    E: std::error::Error + Send + Sync + 'static,
{
    fn from(error: E) -> Self {
        let error: BoxError = Box::new(error);
        let error = match error.downcast::<Status>() {
            Ok(status) if status.code() == Code::Unavailable => return Self::Unavailable(status),
            Ok(status) => return Self::Rejected(status),
            Err(error) => error,
        };
        if is_away(&*error) {
            Self::Unavailable(error)
        } else {
            Self::Other(error)
        }
    }
}

fn is_away(error: &(dyn std::error::Error + 'static)) -> bool {
    #[cfg(feature = "postgres")]
    if crate::database::is_away(error) {
        return true;
    }
    matches!(error.downcast_ref(), Some(Error::Unavailable { .. }))
}

impl From<Failure> for BoxError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Rejected(status) => status,
            Failure::Unavailable(source) | Failure::Other(source) => source,
        }
    }
}

impl From<Failure> for Status {
    /// What a caller gets. The causes stay with the status as its source, for the log of this process.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Rejected(status) => *status,
            Failure::Unavailable(source) => match source.downcast::<Status>() {
                Ok(status) => *status,
                Err(source) => {
                    let mut status = Status::from(
                        Rejection::new(Code::Unavailable, "what this needs is away: try again")
                            .reason(DATABASE_UNREACHABLE)
                            .retryable(true),
                    );
                    status.set_source(Arc::from(source));
                    status
                }
            },
            Failure::Other(source) => internal(source),
        }
    }
}

/// The status of a fault of ours: INTERNAL without a word of it, and the cause for the log.
///
/// ```no_run
/// # fn load() -> std::io::Result<String> { unimplemented!() }
/// # fn handler() -> Result<String, tonic::Status> {
/// let text = load().map_err(samspel::internal)?;
/// # Ok(text) }
/// ```
pub fn internal(source: impl Into<BoxError>) -> Status {
    let mut status = Status::internal(INTERNAL);
    status.set_source(Arc::from(source.into()));
    status
}

pub(crate) const INTERNAL: &str = "internal error";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejection_is_on_the_wire_as_in_every_language() {
        let vectors = crate::vectors::read("errors");
        for vector in crate::vectors::list(&vectors["vectors"]) {
            let (error, wire) = (&vector["error"], &vector["wire"]);
            let code = Code::from(i32::try_from(error["code"].as_i64().unwrap()).unwrap());
            let metadata = serde_json::from_value(error["metadata"].clone()).unwrap();
            let mut rejection = Rejection::new(code, error["message"].as_str().unwrap())
                .reason(error["reason"].as_str().unwrap())
                .retryable(error["retryable"].as_bool().unwrap())
                .with_metadata(metadata);
            if let Some(ms) = error["retryAfterMs"].as_u64() {
                rejection = rejection.retry_after(Duration::from_millis(ms));
            }
            let (sent, expected) = (Status::from(rejection), status_of(wire));
            assert_eq!(
                (sent.code(), sent.message()),
                (expected.code(), expected.message())
            );
            assert_eq!(
                error_detail(&sent).unwrap(),
                error_detail(&expected).unwrap(),
                "{}",
                vector["about"]
            );
        }
        for vector in crate::vectors::list(&vectors["received"]) {
            let status = status_of(&vector["wire"]);
            assert_eq!(status.message(), vector["message"].as_str().unwrap());
            let detail = error_detail(&status).map(|detail| detail.code);
            assert_eq!(
                detail.as_deref(),
                vector["error"]["reason"].as_str(),
                "{}",
                vector["about"]
            );
        }
    }

    fn status_of(wire: &serde_json::Value) -> Status {
        let headers = wire.as_object().unwrap().iter().map(|(name, value)| {
            (
                name.parse::<http::HeaderName>().unwrap(),
                value
                    .as_str()
                    .unwrap()
                    .parse::<http::HeaderValue>()
                    .unwrap(),
            )
        });
        Status::from_header_map(&headers.collect()).unwrap()
    }

    #[test]
    fn failure_of_an_unknown_error_tells_callers_nothing() {
        let failure = Failure::from(std::io::Error::other("the password is hunter2"));
        assert!(matches!(failure, Failure::Other(_)));
        let status = Status::from(failure);
        assert_eq!(
            (status.code(), status.message()),
            (Code::Internal, "internal error")
        );
        assert!(std::error::Error::source(&status)
            .unwrap()
            .to_string()
            .contains("hunter2"));
    }

    #[test]
    fn failure_of_a_call_keeps_what_the_callee_said() {
        let refused = Failure::from(Status::from(Rejection::new(Code::NotFound, "no such cart")));
        assert!(matches!(refused, Failure::Rejected(_)));
        assert!(matches!(
            Failure::from(Status::unavailable("away")),
            Failure::Unavailable(_)
        ));
    }
}
