//! The other side: calls `ScenarioService` as a service in Rust would.

use std::collections::HashMap;

use samspel::{App, BoxError, Channel, Method, Rejection, Resolver, Teller, Topic};
use tonic::{Code, Request, Response, Status};

use crate::api::scenario_driver_server::{ScenarioDriver, ScenarioDriverServer};
use crate::api::scenario_service_client::ScenarioServiceClient;
use crate::api::{HappenedEvent, NoteRequest, NoteResponse, RunRequest, RunResponse};
use crate::drive::{around, calls, ends, instances, messages};
use crate::{HAPPENED, NOTE, SERVICE};

/// What a scenario drives with: one client for the driver's whole life.
pub struct Driver {
    client: ScenarioServiceClient<Channel>,
    pub resolver: Resolver,
    pub happened: Topic<HappenedEvent>,
    pub note: Method<NoteRequest, NoteResponse>,
    pub teller: Teller,
}

/// A scenario, with its parameters. Fails where something does not hold.
pub struct Run<'a> {
    pub driver: &'a Driver,
    parameters: HashMap<String, String>,
}

impl Run<'_> {
    /// A clone shares its connections.
    pub fn client(&self) -> ScenarioServiceClient<Channel> {
        self.driver.client.clone()
    }

    pub fn optional(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    pub fn parameter(&self, name: &str) -> Result<&str, BoxError> {
        self.optional(name)
            .ok_or_else(|| format!("the suite gave no parameter {name}").into())
    }
}

/// Serves the driver until SIGTERM.
pub async fn start(app: &mut App) -> Result<(), BoxError> {
    let channel = app.channel(&format!("consul:///{SERVICE}"))?;
    let driver = Driver {
        client: ScenarioServiceClient::new(channel),
        resolver: app.resolver().clone(),
        happened: app.topic(HAPPENED)?,
        note: app.method(NOTE)?,
        teller: app.teller()?,
    };
    app.serve(ScenarioDriverServer::new(driver));
    Ok(())
}

#[tonic::async_trait]
impl ScenarioDriver for Driver {
    async fn run(&self, request: Request<RunRequest>) -> Result<Response<RunResponse>, Status> {
        let RunRequest {
            scenario,
            parameters,
        } = request.into_inner();
        let run = Run {
            driver: self,
            parameters,
        };
        let ended = match scenario.as_str() {
            "unary" => calls::unary(&run).await,
            "server-stream" => calls::server_stream(&run).await,
            "client-stream" => calls::client_stream(&run).await,
            "bidi-stream" => calls::bidi_stream(&run).await,
            "deadline" => ends::deadline(&run).await,
            "cancellation" => ends::cancellation(&run).await,
            "error-detail" => ends::error_details(&run).await,
            "unknown-error" => ends::unknown_error(&run).await,
            "metadata" => around::metadata(&run).await,
            "trace-context" => around::trace_context(&run).await,
            "health" => around::health(&run).await,
            "reflection" => around::reflection(&run).await,
            "discovery" => instances::discovery(&run).await,
            "re-registration" => instances::never_fails(&run, 1).await,
            "drain" => instances::never_fails(&run, 8).await,
            "topic" => messages::topic(&run).await,
            "tell" => messages::tell(&run).await,
            "tell-rejected" => messages::tell_rejected(&run).await,
            other => {
                return Err(Rejection::new(
                    Code::Unimplemented,
                    format!("there is no scenario {other} here"),
                )
                .into());
            }
        };
        let message = ended
            .as_ref()
            .err()
            .map(ToString::to_string)
            .unwrap_or_default();
        Ok(Response::new(RunResponse {
            passed: ended.is_ok(),
            message,
        }))
    }
}
