//! The server's side of calls.

mod edge;
mod listener;
mod response_body;

pub(crate) use edge::{Edge, EdgeLayer};
pub(crate) use listener::{listen, listening_on};
pub(crate) use response_body::draining;
