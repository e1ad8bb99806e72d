//! What handles a topic's messages.

use std::future::Future;

use super::Message;
use crate::failure::Failure;

/// Handles the messages of a topic. An async function or closure is one, and so is what you implement it for.
///
/// A message comes **at least once**: make that once in effect by remembering its id in the transaction of what you do
/// for it, as [`InboxHandler`](super::InboxHandler) does. One that fails comes again; with
/// [`Failure::Unavailable`] it waits, and that counts no attempt.
pub trait Handler<M>: Send + Sync + 'static {
    /// Handles one message. Messages of one key come one at a time and in order.
    fn handle(&self, message: Message<M>) -> impl Future<Output = Result<(), Failure>> + Send;
}

impl<M, F, R> Handler<M> for F
where
    F: Fn(Message<M>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), Failure>> + Send,
{
    fn handle(&self, message: Message<M>) -> impl Future<Output = Result<(), Failure>> + Send {
        self(message)
    }
}
