//! What is called: `ScenarioService`, with what it is told and what it consumes.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::Duration;

use base64::prelude::BASE64_STANDARD_NO_PAD;
use base64::Engine as _;
use futures_util::{stream, Stream, StreamExt, TryStreamExt};
use samspel::{App, BoxError, Context, Rejection};
use tokio::time::sleep;
use tonic::metadata::{Ascii, KeyAndValueRef, MetadataMap, MetadataValue};
use tonic::{Code, Request, Response, Status, Streaming};

use crate::api::scenario_service_server::{ScenarioService, ScenarioServiceServer};
use crate::api::{
    CallerRequest, CallerResponse, ChatRequest, ChatResponse, ConsumedRequest, ConsumedResponse,
    CountRequest, CountResponse, EchoRequest, EchoResponse, FailRequest, FailResponse,
    HappenedEvent, MetadataRequest, MetadataResponse, NoteRequest, NoteResponse, NotesRequest,
    NotesResponse, SumRequest, SumResponse, WaitRequest, WaitResponse, WaitedRequest,
    WaitedResponse,
};
use crate::memory::{Consumer, Memory};
use crate::waits::Waits;
use crate::HAPPENED;

const ATTEMPTS: u32 = 3;

/// Serves until SIGTERM.
pub async fn start(app: &mut App) -> Result<(), BoxError> {
    let memory = Memory::open(app.database().await?).await?;
    let happened = app.topic::<HappenedEvent>(HAPPENED)?;
    app.serve(ScenarioServiceServer::new(Scenario {
        memory,
        waits: Waits::default(),
        served_by: served_by(),
    }));
    app.attempts(ATTEMPTS)
        .subscribe_with_inbox(&happened, "scenario", Consumer)
        .await?;
    Ok(())
}

fn served_by() -> String {
    let instance = std::env::var("SCENARIO_INSTANCE")
        .ok()
        .filter(|instance| !instance.is_empty());
    instance.map_or_else(
        || "scenario-rust".to_owned(),
        |instance| format!("scenario-rust/{instance}"),
    )
}

struct Scenario {
    memory: Memory,
    waits: Waits,
    served_by: String,
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl ScenarioService for Scenario {
    async fn echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        let EchoRequest { text } = request.into_inner();
        Ok(Response::new(EchoResponse {
            text,
            served_by: self.served_by.clone(),
        }))
    }

    type CountStream = Answers<CountResponse>;

    async fn count(
        &self,
        request: Request<CountRequest>,
    ) -> Result<Response<Self::CountStream>, Status> {
        let CountRequest { to, pause_ms } = request.into_inner();
        let pause = Duration::from_millis(pause_ms.into());
        let last = if to == 0 { u32::MAX } else { to };
        let numbers = stream::iter(1..=last).then(move |number| async move {
            if number > 1 && !pause.is_zero() {
                sleep(pause).await;
            }
            Ok(CountResponse { number })
        });
        Ok(Response::new(Box::pin(numbers)))
    }

    async fn sum(
        &self,
        request: Request<Streaming<SumRequest>>,
    ) -> Result<Response<SumResponse>, Status> {
        let add = |answer: SumResponse, SumRequest { number }| async move {
            Ok(SumResponse {
                sum: answer.sum + number,
                count: answer.count + 1,
            })
        };
        let answer = request
            .into_inner()
            .try_fold(SumResponse::default(), add)
            .await?;
        Ok(Response::new(answer))
    }

    type ChatStream = Answers<ChatResponse>;

    async fn chat(
        &self,
        request: Request<Streaming<ChatRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        let answers = request
            .into_inner()
            .map_ok(|ChatRequest { text }| ChatResponse {
                text: text.to_uppercase(),
            });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn fail(&self, request: Request<FailRequest>) -> Result<Response<FailResponse>, Status> {
        let FailRequest {
            crash,
            code,
            message,
            reason,
            retryable,
            metadata,
        } = request.into_inner();
        if crash {
            return Err(samspel::internal(message));
        }
        let rejection = Rejection::new(Code::from(code), message)
            .reason(reason)
            .retryable(retryable);
        Err(rejection.with_metadata(metadata).into())
    }

    async fn wait(&self, request: Request<WaitRequest>) -> Result<Response<WaitResponse>, Status> {
        self.waits
            .wait(request.into_inner())
            .await
            .map(Response::new)
    }

    async fn waited(
        &self,
        request: Request<WaitedRequest>,
    ) -> Result<Response<WaitedResponse>, Status> {
        let end = self.waits.end_of(&request.into_inner().id);
        Ok(Response::new(WaitedResponse { end: end.into() }))
    }

    async fn metadata(
        &self,
        request: Request<MetadataRequest>,
    ) -> Result<Response<MetadataResponse>, Status> {
        let entries = entries_of(request.metadata());
        let MetadataRequest { header, trailer } = request.into_inner();
        let mut response = Response::new(MetadataResponse { entries });
        response
            .metadata_mut()
            .insert("x-scenario-header", value_of(&header)?);
        Context::current().set_trailer("x-scenario-trailer", value_of(&trailer)?);
        Ok(response)
    }

    async fn note(&self, request: Request<NoteRequest>) -> Result<Response<NoteResponse>, Status> {
        Ok(Response::new(self.memory.note(request).await?))
    }

    async fn notes(
        &self,
        request: Request<NotesRequest>,
    ) -> Result<Response<NotesResponse>, Status> {
        Ok(Response::new(
            self.memory.notes(&request.into_inner().key).await?,
        ))
    }

    async fn consumed(
        &self,
        _: Request<ConsumedRequest>,
    ) -> Result<Response<ConsumedResponse>, Status> {
        Ok(Response::new(self.memory.consumed().await?))
    }

    async fn caller(&self, _: Request<CallerRequest>) -> Result<Response<CallerResponse>, Status> {
        Ok(Response::new(CallerResponse::default()))
    }
}

fn value_of(text: &str) -> Result<MetadataValue<Ascii>, Status> {
    text.parse().map_err(|_| {
        Rejection::new(Code::InvalidArgument, format!("{text:?} is no metadata")).into()
    })
}

fn entries_of(metadata: &MetadataMap) -> HashMap<String, String> {
    let entry = |entry: KeyAndValueRef<'_>| match entry {
        KeyAndValueRef::Ascii(name, value) => (
            name.to_string(),
            value.to_str().unwrap_or_default().to_owned(),
        ),
        KeyAndValueRef::Binary(name, value) => (
            name.to_string(),
            BASE64_STANDARD_NO_PAD.encode(value.to_bytes().unwrap_or_default()),
        ),
    };
    metadata.iter().map(entry).collect()
}
