//! What is noted and consumed, in tables of the service's schema.

use samspel::{Database, Failure, InboxHandler, Message, Rejection};
use tokio_postgres::Transaction;
use tonic::{Code, Request};

use crate::api::{
    ConsumedEvent, ConsumedResponse, HappenedEvent, NoteRequest, NoteResponse, NoteTaken,
    NotesResponse,
};

const TABLES: &str = "
    begin;
    select pg_advisory_xact_lock(hashtext('scenario tables'));
    create table if not exists note (
      at bigint generated always as identity primary key,
      key text, text text, command_id text, tenant text, traceparent text
    );
    create table if not exists consumed (
      at bigint generated always as identity primary key,
      id text, key text, number bigint, tenant text, traceparent text, source text
    );
    commit";

pub struct Memory(Database);

impl Memory {
    pub async fn open(database: Database) -> Result<Self, samspel::BoxError> {
        database.client().await?.batch_execute(TABLES).await?;
        Ok(Self(database))
    }

    pub async fn note(&self, request: Request<NoteRequest>) -> Result<NoteResponse, Failure> {
        let header = |name| {
            request
                .metadata()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let NoteRequest { key, text } = request.get_ref();
        if key == "reject" {
            let rejection = Rejection::new(Code::FailedPrecondition, "this key is refused");
            return Err(rejection.reason("SCENARIO_REJECTED").into());
        }
        let mut client = self.0.client().await?;
        let transaction = client.transaction().await?;
        if self.0.inbox().note_command(&transaction, key).await? {
            let insert =
                "insert into note (key, text, command_id, tenant, traceparent) values ($1, $2, $3, $4, $5)";
            let (id, tenant) = (header("samspel-command-id"), header("x-tenant"));
            transaction
                .execute(insert, &[key, text, &id, &tenant, &header("traceparent")])
                .await?;
        }
        let row = transaction
            .query_one("select count(*) from note where key = $1", &[key])
            .await?;
        transaction.commit().await?;
        Ok(NoteResponse {
            count: u32::try_from(row.get::<_, i64>(0)).unwrap_or(u32::MAX),
        })
    }

    pub async fn notes(&self, key: &str) -> Result<NotesResponse, Failure> {
        let select =
            "select text, command_id, tenant, traceparent from note where key = $1 order by at";
        let rows = self.0.client().await?.query(select, &[&key]).await?;
        let note = |row: tokio_postgres::Row| NoteTaken {
            text: row.get(0),
            command_id: row.get(1),
            tenant: row.get(2),
            traceparent: row.get(3),
        };
        Ok(NotesResponse {
            notes: rows.into_iter().map(note).collect(),
        })
    }

    pub async fn consumed(&self) -> Result<ConsumedResponse, Failure> {
        let select =
            "select id, key, number, tenant, traceparent, source from consumed order by at";
        let rows = self.0.client().await?.query(select, &[]).await?;
        let event = |row: tokio_postgres::Row| ConsumedEvent {
            id: row.get(0),
            event: Some(HappenedEvent {
                key: row.get(1),
                number: u32::try_from(row.get::<_, i64>(2)).unwrap_or_default(),
                poison: false,
            }),
            tenant: row.get(3),
            traceparent: row.get(4),
            source: row.get(5),
        };
        Ok(ConsumedResponse {
            events: rows.into_iter().map(event).collect(),
        })
    }
}

/// Consumes the topic, each message once in effect.
pub struct Consumer;

impl InboxHandler<HappenedEvent> for Consumer {
    async fn handle(
        &self,
        message: &Message<HappenedEvent>,
        transaction: &Transaction<'_>,
    ) -> Result<(), Failure> {
        let HappenedEvent {
            key,
            number,
            poison,
        } = &message.body;
        if *poison {
            return Err(std::io::Error::other(format!("{key}/{number} is poison")).into());
        }
        let header = |name| message.header(name).unwrap_or_default();
        let insert = "insert into consumed (id, key, number, tenant, traceparent, source) \
                      values ($1, $2, $3, $4, $5, $6)";
        let (tenant, traceparent, source) = (
            header("x-tenant"),
            header("traceparent"),
            header("ce-source"),
        );
        let number = i64::from(*number);
        transaction
            .execute(
                insert,
                &[&message.id, key, &number, &tenant, &traceparent, &source],
            )
            .await?;
        Ok(())
    }
}
