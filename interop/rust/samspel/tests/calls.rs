//! Calls over the registry, as a program without the rest of the library makes them. What is called is tonic's health
//! service; its descriptors say nothing of idempotency, so only what never ran is tried again.

mod fake_registry;

use std::time::Duration;

use fake_registry::{entry, FakeRegistry};
use samspel::{error_detail, Descriptors, Resolver};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{timeout, Instant};
use tonic::transport::server::TcpIncoming;
use tonic::transport::Server;
use tonic::{Code, Request, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::HealthCheckRequest;

const TARGET: &str = "consul:///grpc.health.v1.Health";

/// A callee that knows the service name that it is given, so that one can tell who answered.
async fn callee(name: &'static str) -> (u16, JoinHandle<()>) {
    let (reporter, server) = tonic_health::server::health_reporter();
    reporter
        .set_service_status(name, tonic_health::ServingStatus::Serving)
        .await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = Server::builder()
        .add_service(server)
        .serve_with_incoming(TcpIncoming::from(listener));
    (port, tokio::spawn(async move { drop(serving.await) }))
}

/// A port that nobody listens on.
async fn dead_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn client(registry: &FakeRegistry, target: &str) -> HealthClient<samspel::Channel> {
    let descriptors = Descriptors::read(tonic_health::pb::FILE_DESCRIPTOR_SET).unwrap();
    let resolver = Resolver::new(&registry.url, None);
    HealthClient::new(resolver.channel(target, &descriptors).unwrap())
}

fn asking(service: &str, within: Duration) -> Request<HealthCheckRequest> {
    let mut request = Request::new(HealthCheckRequest {
        service: service.to_owned(),
    });
    request.set_timeout(within);
    request
}

async fn ask(client: &HealthClient<samspel::Channel>, service: &str) -> Result<(), Status> {
    client
        .clone()
        .check(asking(service, Duration::from_secs(20)))
        .await
        .map(drop)
}

fn reason(status: &Status) -> String {
    error_detail(status)
        .map(|detail| detail.code)
        .unwrap_or_default()
}

#[tokio::test]
async fn call_waits_for_the_first_instance() {
    let (port, _serving) = callee("a").await;
    let registry = FakeRegistry::start(&[]).await;
    let client = client(&registry, TARGET);
    let mut call = Box::pin(ask(&client, "a"));
    assert!(timeout(Duration::from_millis(200), &mut call)
        .await
        .is_err());
    registry.set(&[entry("a", port)]);
    call.await.unwrap();
}

#[tokio::test]
async fn call_without_an_instance_fails_at_its_deadline_and_says_why() {
    let registry = FakeRegistry::start(&[]).await;
    let began = Instant::now();
    let mut client = client(&registry, TARGET);
    let status = client
        .check(asking("a", Duration::from_millis(300)))
        .await
        .unwrap_err();
    assert!(began.elapsed() >= Duration::from_millis(290));
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unavailable, "SAMSPEL_NO_INSTANCE")
    );
    assert!(
        status.message().contains("grpc.health.v1.Health"),
        "{}",
        status.message()
    );
}

#[tokio::test]
async fn call_that_never_ran_is_tried_at_another_instance() {
    let (port, _serving) = callee("a").await;
    let registry =
        FakeRegistry::start(&[entry("dead", dead_port().await), entry("live", port)]).await;
    let client = client(&registry, TARGET);
    for _ in 0..20 {
        ask(&client, "a").await.unwrap();
    }
}

#[tokio::test]
async fn call_of_nobody_but_the_dead_says_who_was_not_reached() {
    let port = dead_port().await;
    let registry = FakeRegistry::start(&[entry("dead", port)]).await;
    let status = ask(&client(&registry, TARGET), "a").await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unavailable, "SAMSPEL_INSTANCE_UNREACHABLE")
    );
    assert!(
        status.message().contains(&format!("127.0.0.1:{port}")),
        "{}",
        status.message()
    );
}

#[tokio::test]
async fn calls_go_to_all_instances_in_turn_and_to_those_of_the_filter_alone() {
    let ((one, _a), (other, _b)) = (callee("a").await, callee("b").await);
    let mut second = entry("b", other);
    second.version = "2";
    let registry = FakeRegistry::start(&[entry("a", one), second]).await;
    let all = client(&registry, TARGET);
    ask(&all, "").await.unwrap();
    let mut of_a = 0;
    for _ in 0..100 {
        of_a += i32::from(ask(&all, "a").await.is_ok());
    }
    assert_eq!(of_a, 50);

    let second = client(&registry, &format!("{TARGET}?version=2"));
    for _ in 0..10 {
        ask(&second, "b").await.unwrap();
    }
}

#[tokio::test]
async fn instance_that_takes_mutual_tls_only_is_not_called_in_the_clear() {
    let (port, _serving) = callee("a").await;
    let mut secure = entry("a", port);
    secure.secure = true;
    let registry = FakeRegistry::start(&[secure.clone()]).await;
    let client = client(&registry, TARGET);
    let status = ask(&client, "a").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(
        status.message().contains("secure=true"),
        "{}",
        status.message()
    );

    let (plain, _serving) = callee("a").await;
    registry.set(&[secure, entry("b", plain)]);
    let answered = async {
        while ask(&client, "a").await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), answered).await.unwrap();
}

#[tokio::test]
async fn registry_that_dies_takes_nothing_away() {
    let (port, _serving) = callee("a").await;
    let registry = FakeRegistry::start(&[entry("a", port)]).await;
    let client = client(&registry, TARGET);
    ask(&client, "a").await.unwrap();
    registry.kill().await;
    for _ in 0..10 {
        ask(&client, "a").await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn registry_that_forgets_all_is_doubted_while_callees_live() {
    let (port, _serving) = callee("a").await;
    let registry = FakeRegistry::start(&[entry("a", port)]).await;
    let resolver = Resolver::new(&registry.url, None);
    let mut instances = resolver.watch(TARGET).unwrap();
    instances.changed().await;
    registry.set(&[]);
    assert!(timeout(Duration::from_secs(1), instances.changed())
        .await
        .is_err());
    assert_eq!(instances.current().len(), 1);

    registry.set(&[entry("b", port)]);
    timeout(Duration::from_secs(5), instances.changed())
        .await
        .unwrap();
    assert_eq!(instances.current()[0].id, "b");
}
