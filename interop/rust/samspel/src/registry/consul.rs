//! The few calls of Consul's HTTP API that an instance and its callers need.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{utf8_percent_encode, AsciiSet, NON_ALPHANUMERIC};
use serde_json::Value;

use crate::error::chain;
use crate::redact::redact_url;

pub(super) const TIMEOUT: Duration = Duration::from_secs(5);
/// An answer is a list of instances or a key's value, so more than this is no answer.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// A call that the registry did not answer, or refused.
#[derive(Debug)]
pub(crate) struct ConsulError(String);

impl fmt::Display for ConsulError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConsulError {}

/// What the registry said, with its place in time for the next long poll.
pub(super) struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
    pub index: Option<u64>,
    pub hash: Option<String>,
}

/// A Consul agent. A clone shares its connections.
#[derive(Clone, Debug)]
pub(crate) struct Consul {
    url: String,
    token: Option<String>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Consul {
    /// Makes no request yet.
    pub fn new(url: &str, token: Option<&str>) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            url: url.trim_end_matches('/').to_owned(),
            token: token.map(str::to_owned),
            client,
        }
    }

    /// The registry's URL without credentials.
    pub fn name(&self) -> String {
        redact_url(&self.url)
    }

    /// Registers an instance, in place of what was registered under its id.
    pub async fn register(&self, registration: &Value) -> Result<(), ConsulError> {
        let path = "/v1/agent/service/register?replace-existing-checks=true";
        let body = Bytes::from(registration.to_string());
        self.expect(self.send(Method::PUT, path, body, TIMEOUT).await?, path)
            .map(drop)
    }

    /// Takes the check of an instance out, so that the next registration begins with a passing one: an agent that was
    /// away has set it to critical, and registering alone would leave it there.
    pub async fn forget_check(&self, id: &str) -> Result<(), ConsulError> {
        let path = format!(
            "/v1/agent/check/deregister/{}",
            in_path(&format!("service:{id}"))
        );
        // Whatever it answers: an agent that forgot all knows no such check.
        self.send(Method::PUT, &path, Bytes::new(), TIMEOUT)
            .await
            .map(drop)
    }

    pub async fn deregister(&self, id: &str) -> Result<(), ConsulError> {
        let path = format!("/v1/agent/service/deregister/{}", in_path(id));
        self.expect(
            self.send(Method::PUT, &path, Bytes::new(), TIMEOUT).await?,
            &path,
        )
        .map(drop)
    }

    /// Writes a key that is not there yet; one that is stays as it is.
    pub async fn put_once(&self, key: &str, value: Vec<u8>) -> Result<(), ConsulError> {
        let path = format!("/v1/kv/{key}?cas=0");
        self.expect(
            self.send(Method::PUT, &path, value.into(), TIMEOUT).await?,
            &path,
        )
        .map(drop)
    }

    pub(super) async fn get(&self, path: &str, timeout: Duration) -> Result<Answer, ConsulError> {
        self.send(Method::GET, path, Bytes::new(), timeout).await
    }

    /// The answer, unless it is a refusal.
    pub(super) fn expect(&self, answer: Answer, path: &str) -> Result<Answer, ConsulError> {
        if answer.status.is_success() {
            return Ok(answer);
        }
        let reason = String::from_utf8_lossy(&answer.body);
        let reason: String = reason.trim().chars().take(500).collect();
        let name = self.name();
        Err(ConsulError(format!(
            "Registry {name} refused {path}: {} {reason}",
            answer.status.as_u16()
        )))
    }

    /// The answer as JSON.
    pub(super) fn json(&self, answer: &Answer, path: &str) -> Result<Value, ConsulError> {
        serde_json::from_slice(&answer.body).map_err(|error| {
            ConsulError(format!(
                "Registry {} did not answer {path} in JSON: {error}",
                self.name()
            ))
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        timeout: Duration,
    ) -> Result<Answer, ConsulError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("x-consul-token", token);
        }
        let request = request
            .body(Full::new(body))
            .map_err(|error| self.away(&chain(&error)))?;
        let answering = async {
            let response = self
                .client
                .request(request)
                .await
                .map_err(|error| self.away(&chain(&error)))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await;
            let body = body
                .map_err(|error| self.away(&error.to_string()))?
                .to_bytes();
            let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
            Ok(Answer {
                status: head.status,
                body,
                index: header("x-consul-index").and_then(|index| index.parse().ok()),
                hash: header("x-consul-contenthash").map(str::to_owned),
            })
        };
        match tokio::time::timeout(timeout, answering).await {
            Ok(answer) => answer,
            Err(_) => Err(self.away(&format!("no answer within {} s", timeout.as_secs()))),
        }
    }

    fn away(&self, reason: &str) -> ConsulError {
        ConsulError(format!(
            "Registry {} does not answer: {reason}",
            self.name()
        ))
    }
}

/// An id or a name as a part of a path.
pub(super) fn in_path(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC_BUT_DASHES).to_string()
}

const NON_ALPHANUMERIC_BUT_DASHES: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
