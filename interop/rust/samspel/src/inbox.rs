//! What was handled already, in the database of its effects (T5). The same table in every language.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::{Client, Transaction};

use crate::context::Context;
use crate::failure::{Failure, Rejection};
use crate::tell::message_id;

const FORGET_EVERY: Duration = Duration::from_secs(3_600);

/// The table `samspel_inbox` of a service's schema. Notes are kept for 7 days.
#[derive(Debug)]
pub struct Inbox {
    forgotten_at: Mutex<Option<Instant>>,
}

impl Inbox {
    pub(crate) async fn create(client: &Client) -> Result<Self, tokio_postgres::Error> {
        client
            .batch_execute(
                "begin; select pg_advisory_xact_lock(hashtext(current_schema() || '.samspel_inbox')); \
                 create table if not exists samspel_inbox ( \
                   subscription text, \
                   message_id text, \
                   received_at timestamptz not null default now(), \
                   primary key (subscription, message_id) \
                 ); commit",
            )
            .await?;
        Ok(Self {
            forgotten_at: Mutex::new(None),
        })
    }

    /// Notes a message as part of a transaction; false where it was noted before.
    ///
    /// # Errors
    ///
    /// Where the database does not answer.
    pub async fn note(
        &self,
        transaction: &Transaction<'_>,
        subscription: &str,
        message_id: &str,
    ) -> Result<bool, Failure> {
        if self.forget_now() {
            let old = "delete from samspel_inbox where received_at < now() - interval '7 days'";
            transaction.execute(old, &[]).await?;
        }
        let note =
            "insert into samspel_inbox (subscription, message_id) values ($1, $2) on conflict do nothing";
        Ok(transaction
            .execute(note, &[&subscription, &message_id])
            .await?
            == 1)
    }

    /// Notes the command that is being handled, by its id and the key of its request; false where it was carried out
    /// before. Without a command id every call is a first one.
    ///
    /// # Errors
    ///
    /// Where the database does not answer.
    pub async fn note_command(
        &self,
        transaction: &Transaction<'_>,
        key: &str,
    ) -> Result<bool, Failure> {
        let context = Context::current();
        let Some(id) = context.command_id() else {
            return Ok(true);
        };
        let Some((service, method)) = context.method().split_once('/') else {
            let message = "a command is noted by the handler of its call or tell: in a task of its own, use Context::scope";
            return Err(Rejection::new(tonic::Code::FailedPrecondition, message).into());
        };
        let key = if key.is_empty() { id } else { key };
        self.note(
            transaction,
            &format!("handler/tell.{service}"),
            &message_id(method, key, id),
        )
        .await
    }

    /// Old notes are deleted now and then, by whoever comes by.
    fn forget_now(&self) -> bool {
        let mut at = self
            .forgotten_at
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let due = at.is_none_or(|at| at.elapsed() > FORGET_EVERY);
        if due {
            *at = Some(Instant::now());
        }
        due
    }
}
