//! A handler whose effect and whose memory of the message are one transaction: once in effect.

use std::future::Future;

use tokio_postgres::Transaction;

use super::{Handler, Message};
use crate::database::Database;
use crate::failure::Failure;

/// Handles the messages of a topic once in effect, as far as that is in the transaction that it gets.
///
/// The transaction has noted the message's id; it is committed when the handler returns well. A message whose id is
/// noted already does not reach the handler again.
pub trait InboxHandler<M>: Send + Sync + 'static {
    /// Handles one message. Messages of one key come one at a time and in order.
    fn handle(
        &self,
        message: &Message<M>,
        transaction: &Transaction<'_>,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// A handler behind its inbox.
pub(crate) struct WithInbox<H> {
    pub handler: H,
    pub database: Database,
    /// `<group>/<topic>`
    pub subscription: String,
}

impl<M, H> Handler<M> for WithInbox<H>
where
    M: Send + Sync + 'static,
    H: InboxHandler<M>,
{
    async fn handle(&self, message: Message<M>) -> Result<(), Failure> {
        let mut client = self.database.client().await?;
        let transaction = client.transaction().await?;
        if self
            .database
            .inbox()
            .note(&transaction, &self.subscription, &message.id)
            .await?
        {
            self.handler.handle(&message, &transaction).await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}
