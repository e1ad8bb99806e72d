//! Which items were checked out together, and how often: the tables of the service.

use samspel::{BoxError, Database, Failure, InboxHandler, Message};
use tokio_postgres::Transaction;

use crate::api::cart::CartCheckedOut;
use crate::api::recommendations::Recommendation;

const TABLES: &str = "
    begin;
    select pg_advisory_xact_lock(hashtext(current_schema() || '.pair'));
    create table if not exists pair (
      sku text,
      other text,
      carts integer not null,
      primary key (sku, other)
    );
    commit";

/// Each pair of items stands there twice, so that one row answers for each of them.
#[derive(Clone)]
pub struct Pairs(Database);

impl Pairs {
    pub async fn open(database: Database) -> Result<Self, BoxError> {
        database.client().await?.batch_execute(TABLES).await?;
        Ok(Self(database))
    }

    /// What was most often checked out together with an item, best first.
    pub async fn best(&self, sku: &str, limit: u32) -> Result<Vec<Recommendation>, Failure> {
        let select =
            "select other, carts from pair where sku = $1 order by carts desc, other limit $2";
        let rows = self
            .0
            .client()
            .await?
            .query(select, &[&sku, &i64::from(limit)])
            .await?;
        let recommendation = |row: &tokio_postgres::Row| Recommendation {
            sku: row.get(0),
            carts: u32::try_from(row.get::<_, i32>(1)).unwrap_or_default(),
        };
        Ok(rows.iter().map(recommendation).collect())
    }
}

impl InboxHandler<CartCheckedOut> for Pairs {
    async fn handle(
        &self,
        message: &Message<CartCheckedOut>,
        transaction: &Transaction<'_>,
    ) -> Result<(), Failure> {
        let skus: Vec<_> = message.body.items.keys().collect();
        // In one order, so that carts that are counted at the same time never wait for each other in a circle.
        let count = "
            insert into pair (sku, other, carts)
            select sku, other, 1 from unnest($1::text[]) sku, unnest($1::text[]) other
            where sku <> other order by sku, other
            on conflict (sku, other) do update set carts = pair.carts + 1";
        transaction.execute(count, &[&skus]).await?;
        // Heard by all instances when this is committed, and not before.
        transaction
            .execute("select pg_notify(current_schema(), '')", &[])
            .await?;
        Ok(())
    }
}
