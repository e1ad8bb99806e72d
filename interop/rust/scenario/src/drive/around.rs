//! What goes with a call: metadata, the trace; and what every service serves beside its own.

use std::time::Duration;

use futures_util::stream;
use prost::Message;
use samspel::BoxError;
use tokio::time::timeout;
use tonic::metadata::MetadataValue;
use tonic::transport::Endpoint;
use tonic::{Code, Request};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::HealthCheckRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::ServerReflectionRequest;

use super::{failure, same, Passed};
use crate::api::{MetadataRequest, NoteRequest};
use crate::driver::Run;
use crate::SERVICE;

pub async fn metadata(run: &Run<'_>) -> Passed {
    let mut request = Request::new(MetadataRequest {
        header: "h".into(),
        trailer: "t".into(),
    });
    request
        .metadata_mut()
        .insert("x-scenario-text", MetadataValue::from_static("hello"));
    request
        .metadata_mut()
        .insert_bin("x-scenario-bin", MetadataValue::from_bytes(&[0, 1, 0xff]));
    let answer = run.client().metadata(request).await?;
    let sent = |name| {
        answer
            .metadata()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    same(
        "header and trailer",
        (sent("x-scenario-header"), sent("x-scenario-trailer")),
        (Some("h"), Some("t")),
    )?;
    let entries = &answer.get_ref().entries;
    same(
        "text",
        entries.get("x-scenario-text").map(String::as_str),
        Some("hello"),
    )?;
    same(
        "bytes",
        entries.get("x-scenario-bin").map(String::as_str),
        Some("AAH/"),
    )
}

pub async fn trace_context(run: &Run<'_>) -> Passed {
    run.client()
        .note(NoteRequest {
            key: run.parameter("key")?.into(),
            text: "traced".into(),
        })
        .await?;
    Ok(())
}

/// Health and reflection are an instance's own, not the proto service's.
async fn endpoint_of(run: &Run<'_>) -> Result<Endpoint, BoxError> {
    let mut instances = run.driver.resolver.watch(SERVICE)?;
    loop {
        if let Some(instance) = instances.current().first() {
            return Ok(Endpoint::from_shared(format!(
                "http://{}",
                instance.authority()
            ))?);
        }
        timeout(Duration::from_secs(5), instances.changed()).await?;
    }
}

pub async fn health(run: &Run<'_>) -> Passed {
    let mut client = HealthClient::new(endpoint_of(run).await?.connect().await?);
    for service in ["", SERVICE] {
        let answer = client
            .check(HealthCheckRequest {
                service: service.into(),
            })
            .await?;
        same(
            &format!("health of {service:?}"),
            answer.get_ref().status(),
            ServingStatus::Serving,
        )?;
    }
    let another = HealthCheckRequest {
        service: "no.such.Service".into(),
    };
    failure(
        "health of another",
        Code::NotFound,
        client.check(another).await,
    )?;
    Ok(())
}

pub async fn reflection(run: &Run<'_>) -> Passed {
    let mut client = ServerReflectionClient::new(endpoint_of(run).await?.connect().await?);
    let asked = [
        MessageRequest::ListServices(String::new()),
        MessageRequest::FileContainingSymbol(SERVICE.into()),
    ];
    let requests = asked.map(|asked| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(asked),
    });
    let mut answers = client
        .server_reflection_info(stream::iter(requests))
        .await?
        .into_inner();
    let (mut names, mut files) = (Vec::new(), Vec::new());
    while let Some(answer) = answers.message().await? {
        match answer.message_response {
            Some(MessageResponse::ListServicesResponse(list)) => {
                names.extend(list.service.into_iter().map(|service| service.name));
            }
            Some(MessageResponse::FileDescriptorResponse(found)) => {
                for file in found.file_descriptor_proto {
                    let file = prost_types::FileDescriptorProto::decode(&*file)?;
                    files.extend(
                        file.service
                            .iter()
                            .map(|service| format!("{}.{}", file.package(), service.name())),
                    );
                }
            }
            _ => {}
        }
    }
    same(
        "it lists the service",
        names.iter().any(|name| name == SERVICE),
        true,
    )?;
    same(
        "it gives the service's file",
        files.iter().any(|name| name == SERVICE),
        true,
    )
}
