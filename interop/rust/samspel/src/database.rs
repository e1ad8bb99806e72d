//! The service's own schema in the system's Postgres, and the inbox in it.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls};

use crate::error::{chain, Error};
use crate::failure::Failure;
use crate::inbox::Inbox;
use crate::redact::redact_url;
use crate::settings::Settings;

const CONNECT: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 8;

/// A pool of connections whose tables are those of the service's schema. A clone shares it.
#[derive(Debug, Clone)]
pub struct Database {
    pool: Pool,
    schema: Arc<str>,
    inbox: Arc<Inbox>,
}

impl Database {
    /// Connects, and creates the schema where it is missing.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Error> {
        let (url, schema) = (settings.database_url()?, settings.schema()?);
        let refuse = |reason: String| {
            Error::Configuration(format!(
                "Cannot start {} as the Postgres of DATABASE_URL {} cannot be used: {reason}",
                settings.service(),
                redact_url(url)
            ))
        };
        let mut config = Config::from_str(url).map_err(|error| refuse(chain(&error)))?;
        config
            .connect_timeout(CONNECT)
            .application_name(settings.service());
        config.options(format!("-c search_path={schema}"));
        let manager = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let pool = Pool::builder(Manager::from_config(config, NoTls, manager))
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECT))
            .create_timeout(Some(CONNECT))
            .build()
            .map_err(|error| refuse(chain(&error)))?;
        let client = pool.get().await.map_err(|error| refuse(chain(&error)))?;
        // Instances that start at once: `if not exists` alone may still collide.
        let create = format!(
            "begin; select pg_advisory_xact_lock(hashtext('{schema}')); create schema if not exists {schema}; commit"
        );
        client
            .batch_execute(&create)
            .await
            .map_err(|error| refuse(chain(&error)))?;
        let inbox = Arc::new(
            Inbox::create(&client)
                .await
                .map_err(|error| refuse(chain(&error)))?,
        );
        Ok(Self {
            pool,
            schema: schema.into(),
            inbox,
        })
    }

    /// A connection; it goes back when it is dropped.
    ///
    /// # Errors
    ///
    /// [`Failure::Unavailable`] where the database is away, or all connections are busy for 5 s.
    pub async fn client(&self) -> Result<Object, Failure> {
        Ok(self.pool.get().await?)
    }

    /// The service's schema; plain names in SQL mean its tables.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// What the service has handled already.
    #[must_use]
    pub fn inbox(&self) -> &Inbox {
        &self.inbox
    }
}

/// Whether an error says that the database is away or overloaded, and not that a statement is wrong.
pub(crate) fn is_away(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<PoolError>() {
        return match error {
            PoolError::Backend(error) => is_away(error),
            PoolError::Timeout(_) | PoolError::Closed => true,
            _ => false,
        };
    }
    error
        .downcast_ref::<tokio_postgres::Error>()
        .is_some_and(|error| match error.code() {
            // Connections, resources, an operator's hand, and transactions that another ended: none speaks of the request.
            Some(state) => {
                ["08", "53", "57"]
                    .iter()
                    .any(|class| state.code().starts_with(class))
                    || *state == SqlState::T_R_SERIALIZATION_FAILURE
                    || *state == SqlState::T_R_DEADLOCK_DETECTED
            }
            None => {
                error.is_closed()
                    || error.as_db_error().is_none()
                        && std::error::Error::source(error)
                            .is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
            }
        })
}
