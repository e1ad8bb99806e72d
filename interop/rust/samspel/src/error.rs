//! What the library itself has to say when something does not work.

use std::error::Error as StdError;
use std::fmt;

use tonic::Status;

/// Whatever an error is made of.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why the library did not do what it was asked to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The service cannot start; the message names the setting, its value and the fix (A1).
    Configuration(String),
    /// A proto file does not allow what was asked, such as to tell a method that might then run twice.
    Declaration(String),
    /// What is needed is away, and comes back: the registry, NATS or Postgres.
    Unavailable {
        /// What was tried, and what to do.
        message: String,
        /// What stood in the way.
        source: BoxError,
    },
    /// What was awaited did not come in time; it may come later.
    Timeout(String),
    /// The handler of a tell rejected it, or it was given up.
    TellFailed {
        /// What a call would have failed with, its details included.
        status: Box<Status>,
        /// Whether the handler said no; else its attempts were exhausted.
        rejected: bool,
    },
}

impl Error {
    pub(crate) fn unavailable(message: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self::Unavailable {
            message: message.into(),
            source: source.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(message) | Self::Declaration(message) | Self::Timeout(message) => {
                f.write_str(message)
            }
            Self::Unavailable { message, source } => write!(f, "{message}: {}", chain(&**source)),
            Self::TellFailed { status, .. } => {
                write!(
                    f,
                    "the tell failed: {:?}: {}",
                    status.code(),
                    status.message()
                )
            }
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Unavailable { source, .. } => Some(&**source),
            Self::TellFailed { status, .. } => Some(&**status),
            _ => None,
        }
    }
}

/// An error with its causes, in one line; a cause that the one before it quotes already is left out.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}
