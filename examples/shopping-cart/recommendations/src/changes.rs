//! Tells that the tables changed, whichever instance changed them: by Postgres' own notifications, on a channel of the
//! schema's name.

use std::future::poll_fn;
use std::time::Duration;

use samspel::{BoxError, Settings};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_postgres::{AsyncMessage, NoTls};

const AGAIN: Duration = Duration::from_secs(1);

/// Says that something changed. It may say so more often than it is so.
#[derive(Clone)]
pub struct Changes(watch::Receiver<()>);

impl Changes {
    /// Listens for as long as somebody waits.
    pub fn of(settings: &Settings) -> Result<Self, BoxError> {
        let (url, listen) = (
            settings.database_url()?.to_owned(),
            format!("listen {}", settings.schema()?),
        );
        let (changed, heard) = watch::channel(());
        tokio::spawn(async move {
            while !changed.is_closed() {
                if let Err(error) = hear(&url, &listen, &changed).await {
                    tracing::warn!(reason = %error, "changes are not heard");
                }
                sleep(AGAIN).await;
            }
        });
        Ok(Self(heard))
    }

    /// Waits for the next change.
    pub async fn next(&mut self) {
        // Where the listener is gone, the service is.
        let _ = self.0.changed().await;
    }
}

async fn hear(
    url: &str,
    listen: &str,
    changed: &watch::Sender<()>,
) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = tokio_postgres::connect(url, NoTls).await?;
    let listening = async {
        client.batch_execute(listen).await?;
        // What changed while nobody listened was not heard.
        changed.send_replace(());
        std::future::pending::<Result<(), tokio_postgres::Error>>().await
    };
    let hearing = async {
        while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(_) = message? {
                changed.send_replace(());
            }
        }
        Ok(())
    };
    tokio::select! {
        ended = listening => ended,
        ended = hearing => ended,
    }
}
