//! Carries a tell to the handler of its method: as a request to the service's own routes, without a connection. So it is
//! the same handler as for calls, with the same things before it.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, TE};
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use tonic::body::Body;
use tonic::{Code, Status};
use tower_service::Service as _;

use crate::context::COMMAND_ID;
use crate::failure::INTERNAL;
use crate::server::Edge;

/// gRPC's frame around a message: a flag and the length.
const FRAME: usize = 5;

/// Asks the handler of `path`, and gives the bytes of its response.
pub(super) async fn dispatch(
    mut edge: Edge,
    path: &str,
    headers: &[(String, String)],
    command_id: &str,
    body: &Bytes,
    within: Duration,
) -> Result<Bytes, Status> {
    let request = request_of(path, headers, command_id, body, within)
        .map_err(|error| Status::invalid_argument(format!("the tell is no request: {error}")))?;
    std::future::poll_fn(|cx| edge.poll_ready(cx))
        .await
        .unwrap_or_else(|never| match never {});
    let response = edge
        .call(request)
        .await
        .unwrap_or_else(|never| match never {});
    let (head, body) = response.into_parts();
    if let Some(status) =
        Status::from_header_map(&head.headers).filter(|status| status.code() != Code::Ok)
    {
        return Err(status);
    }
    let collected = body.collect().await?;
    match collected.trailers().and_then(Status::from_header_map) {
        Some(status) if status.code() == Code::Ok => {}
        Some(status) => return Err(status),
        None => return Err(Status::internal(INTERNAL)),
    }
    let framed = collected.to_bytes();
    if framed.len() < FRAME || framed[0] != 0 {
        return Err(Status::internal(INTERNAL));
    }
    Ok(framed.slice(FRAME..))
}

fn request_of(
    path: &str,
    headers: &[(String, String)],
    command_id: &str,
    body: &Bytes,
    within: Duration,
) -> Result<Request<Body>, http::Error> {
    let mut framed = BytesMut::with_capacity(FRAME + body.len());
    framed.put_u8(0);
    framed.put_u32(u32::try_from(body.len()).unwrap_or(u32::MAX));
    framed.extend_from_slice(body);
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .version(http::Version::HTTP_2)
        .header(CONTENT_TYPE, "application/grpc")
        .header(TE, "trailers")
        .header("grpc-timeout", format!("{}m", within.as_millis()))
        .header(COMMAND_ID, command_id)
        .body(Body::new(Full::new(framed.freeze())))?;
    for (name, value) in headers {
        // What no request could carry is left out: a header must not end a tell.
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            request.headers_mut().insert(name, value);
        }
    }
    Ok(request)
}
