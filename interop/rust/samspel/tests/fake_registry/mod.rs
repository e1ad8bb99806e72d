//! As much of Consul's HTTP API as callers need, with long polls, and with the whims that a test wants.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, Uri};
use axum::routing::any;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::Server;

/// One instance of a service `callee`, which serves `grpc.health.v1.Health`.
#[derive(Clone)]
pub struct Entry {
    pub id: &'static str,
    pub port: u16,
    pub version: &'static str,
    pub secure: bool,
}

pub fn entry(id: &'static str, port: u16) -> Entry {
    Entry {
        id,
        port,
        version: "1",
        secure: false,
    }
}

/// A registry of a test's own.
pub struct FakeRegistry {
    pub url: String,
    entries: Arc<watch::Sender<(u64, Vec<Entry>)>>,
    server: Mutex<Option<JoinHandle<()>>>,
}

impl FakeRegistry {
    pub async fn start(entries: &[Entry]) -> Self {
        let entries = Arc::new(watch::Sender::new((1, entries.to_vec())));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Mutex::new(Some(serve(listener, Arc::clone(&entries))));
        Self {
            url,
            entries,
            server,
        }
    }

    /// What it says from now on.
    pub fn set(&self, entries: &[Entry]) {
        self.entries.send_modify(|(index, current)| {
            *index += 1;
            *current = entries.to_vec();
        });
    }

    /// It is killed: open connections break, new ones are refused.
    pub async fn kill(&self) {
        let server = self.server.lock().unwrap().take();
        if let Some(server) = server {
            server.abort();
            let _ = server.await;
        }
    }
}

fn serve(listener: TcpListener, entries: Arc<watch::Sender<(u64, Vec<Entry>)>>) -> JoinHandle<()> {
    let answer = move |request: Request<Body>| {
        let entries = entries.subscribe();
        async move { answer(request.uri().clone(), entries).await }
    };
    let router = Router::new().fallback(any(answer));
    tokio::spawn(async move {
        let incoming = TcpIncoming::from(listener);
        let server = Server::builder()
            .accept_http1(true)
            .add_routes(Routes::from(router));
        let _ = server.serve_with_incoming(incoming).await;
    })
}

async fn answer(asked: Uri, mut entries: watch::Receiver<(u64, Vec<Entry>)>) -> Response<Body> {
    let query = asked.query().unwrap_or_default();
    let waited_for = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("index="))
        .map(|index| index.parse().unwrap());
    let changed = entries.wait_for(|(index, _)| Some(*index) != waited_for);
    let _ = tokio::time::timeout(Duration::from_secs(25), changed).await;
    let (index, current) = entries.borrow().clone();
    let body = match asked.path() {
        "/v1/catalog/services" if current.is_empty() => "{}".to_owned(),
        "/v1/catalog/services" => {
            r#"{"consul":[],"callee":["grpc","grpc.health.v1.Health"]}"#.to_owned()
        }
        "/v1/health/service/callee" => {
            let entries: Vec<_> = current.iter().map(entry_json).collect();
            format!("[{}]", entries.join(","))
        }
        other => panic!("{other} is not asked of a registry"),
    };
    Response::builder()
        .header("x-consul-index", index)
        .body(Body::from(body))
        .unwrap()
}

fn entry_json(
    Entry {
        id,
        port,
        version,
        secure,
    }: &Entry,
) -> String {
    format!(
        r#"{{"Node":{{"Address":"127.0.0.1"}},"Service":{{"ID":"{id}","Service":"callee","Address":"","Port":{port},
        "Tags":["grpc","grpc.health.v1.Health"],"Meta":{{"version":"{version}","secure":"{secure}"}}}}}}"#
    )
}
