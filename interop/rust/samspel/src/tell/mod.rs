//! Tells: one service tells something to another, and it must not be lost, even if that one is down
//! (docs/concepts/tells.md).

mod address;
mod dispatch;
mod method;
mod receipt;
mod send;
mod streams;
mod take;

#[cfg(feature = "postgres")]
pub(crate) use address::message_id;
pub use method::Method;
pub use receipt::Receipt;
pub use send::{Tell, Teller};
pub(crate) use take::Tells;
