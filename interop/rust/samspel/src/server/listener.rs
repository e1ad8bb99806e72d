//! The port that a service listens on.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;

use crate::error::Error;
use crate::settings::Settings;

/// Listens where the settings say, on a free port where they say none.
pub(crate) async fn listen(settings: &Settings) -> Result<TcpListener, Error> {
    let (host, port) = (settings.host()?, settings.port()?);
    TcpListener::bind((host, port)).await.map_err(|error| {
        // Without the number that the standard library adds to what the operating system says.
        let text = error.to_string();
        let reason = text.split(" (os error").next().unwrap_or(&text);
        Error::Configuration(format!(
            "Cannot start {} as SAMSPEL_HOST {host}, SAMSPEL_PORT {port} cannot be listened on: {reason}; set another \
             port, or end who has it",
            settings.service()
        ))
    })
}

/// The connections of a listener, and its address.
pub(crate) fn listening_on(listener: TcpListener) -> Result<(TcpIncoming, SocketAddr), Error> {
    let unusable = |error| Error::unavailable("Cannot use the socket that is listened on", error);
    let address = listener.local_addr().map_err(unusable)?;
    Ok((
        TcpIncoming::from(listener).with_nodelay(Some(true)),
        address,
    ))
}
