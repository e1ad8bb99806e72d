package scenario;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import samspel.scenario.v1.Scenario.ChatRequest;
import samspel.scenario.v1.Scenario.ChatResponse;
import samspel.scenario.v1.Scenario.CountRequest;
import samspel.scenario.v1.Scenario.CountResponse;
import samspel.scenario.v1.Scenario.EchoRequest;
import samspel.scenario.v1.Scenario.NoteRequest;
import samspel.scenario.v1.Scenario.SumRequest;
import samspel.scenario.v1.Scenario.SumResponse;
import samspel.scenario.v1.Scenario.WaitEnd;
import samspel.scenario.v1.Scenario.WaitRequest;
import samspel.scenario.v1.Scenario.WaitedRequest;
import samspel.scenario.v1.ScenarioServiceGrpc;
import samspel.scenario.v1.ScenarioServiceGrpc.ScenarioServiceBlockingStub;
import samspel.scenario.v1.ScenarioServiceGrpc.ScenarioServiceStub;

/** Calls of the four kinds, their deadlines, and what goes with them. */
final class CallScenarios {
  private static final Duration SOON = Duration.ofSeconds(2);
  private static final String SERVICE = "samspel.scenario.v1.ScenarioService";

  private final ScenarioServiceBlockingStub blocking;
  private final ScenarioServiceStub streaming;

  CallScenarios(ScenarioServiceBlockingStub blocking, ScenarioServiceStub streaming) {
    this.blocking = blocking;
    this.streaming = streaming;
  }

  void addTo(Map<String, Drive.Scenario> scenarios) {
    scenarios.put("unary", parameters -> unary());
    scenarios.put("server-stream", parameters -> serverStream());
    scenarios.put("client-stream", parameters -> clientStream());
    scenarios.put("bidi-stream", parameters -> bidiStream());
    scenarios.put("deadline", this::deadline);
    scenarios.put("cancellation", this::cancellation);
    scenarios.put("trace-context", this::traceContext);
    scenarios.put("health", parameters -> health());
    scenarios.put("reflection", parameters -> reflection());
  }

  private void unary() {
    for (String text : new String[] {"", "grün ✓", "x".repeat(1 << 20)}) {
      String came = blocking.echo(EchoRequest.newBuilder().setText(text).build()).getText();
      Check.holds(text.equals(came), "Echo of " + text.length() + " characters is another text");
    }
  }

  private void serverStream() throws Exception {
    Iterator<CountResponse> thousand =
        blocking.count(CountRequest.newBuilder().setTo(1000).build());
    for (int number = 1; number <= 1000; number++) {
      Check.equal(number, thousand.next().getNumber(), "a number of Count");
    }
    Check.holds(!thousand.hasNext(), "Count goes on after 1,000");
    Context.CancellableContext leaving = Context.current().withCancellation();
    leaving.call(
        () -> {
          Iterator<CountResponse> endless =
              blocking.count(CountRequest.newBuilder().setPauseMs(1).build());
          for (int number = 1; number <= 3; number++) {
            Check.equal(number, endless.next().getNumber(), "a number of the endless Count");
          }
          return null;
        });
    leaving.cancel(null);
    unary();
  }

  private void clientStream() throws Exception {
    Check.equal(500_500L, sum(1000).getSum(), "the sum");
    Check.equal(1000, sum(1000).getCount(), "the count");
    Check.equal(SumResponse.getDefaultInstance(), sum(0), "the sum of nothing");
  }

  private SumResponse sum(int to) throws Exception {
    Answers<SumResponse> answers = new Answers<>();
    var requests = streaming.sum(answers);
    for (int number = 1; number <= to; number++) {
      requests.onNext(SumRequest.newBuilder().setNumber(number).build());
    }
    requests.onCompleted();
    return answers.next().orElseThrow();
  }

  private void bidiStream() throws Exception {
    Answers<ChatResponse> answers = new Answers<>();
    var requests = streaming.chat(answers);
    for (String text : new String[] {"a", "b"}) {
      requests.onNext(ChatRequest.newBuilder().setText(text).build());
      Check.equal(text.toUpperCase(), answers.next().orElseThrow().getText(), "the answer");
    }
    requests.onCompleted();
    Check.equal(Optional.empty(), answers.next(), "the end of the stream");
  }

  private void deadline(Map<String, String> parameters) throws Exception {
    String id = parameters.get("run") + "/late";
    long began = System.nanoTime();
    var hurried = blocking.withDeadlineAfter(300, TimeUnit.MILLISECONDS);
    Check.fails(Status.Code.DEADLINE_EXCEEDED, () -> hurried.wait(waiting(id, 10_000)));
    long tookMs = (System.nanoTime() - began) / 1_000_000;
    Check.holds(tookMs < 2_000, "it failed only after " + tookMs + " ms");
    ends(id, WaitEnd.WAIT_END_CANCELLED);
    int left =
        blocking
            .withDeadlineAfter(5, TimeUnit.SECONDS)
            .wait(waiting(id + "-2", 1))
            .getDeadlineLeftMs();
    Check.holds(left >= 1 && left <= 5_000, "of 5 s are left " + left + " ms");
    int byDefault = blocking.wait(waiting(id + "-3", 1)).getDeadlineLeftMs();
    Check.holds(
        byDefault >= 1 && byDefault <= 10_000, "without a deadline are left " + byDefault + " ms");
  }

  private void cancellation(Map<String, String> parameters) throws Exception {
    String id = parameters.get("run") + "/cancelled";
    ClientCall<WaitRequest, ?> call =
        blocking.getChannel().newCall(ScenarioServiceGrpc.getWaitMethod(), CallOptions.DEFAULT);
    Future<?> waiting = ClientCalls.futureUnaryCall(call, waiting(id, 10_000));
    ends(id, WaitEnd.WAIT_END_WAITING);
    waiting.cancel(true);
    try {
      waiting.get();
      throw new IllegalStateException("expected CANCELLED, came an answer");
    } catch (CancellationException | ExecutionException expected) {
      ends(id, WaitEnd.WAIT_END_CANCELLED);
    }
  }

  private void ends(String id, WaitEnd end) throws InterruptedException {
    WaitedRequest request = WaitedRequest.newBuilder().setId(id).build();
    Check.soon(() -> blocking.waited(request).getEnd() == end, SOON, "Waited says " + end);
  }

  /** The suite looks whether the note has the trace of this very call. */
  private void traceContext(Map<String, String> parameters) {
    blocking.note(NoteRequest.newBuilder().setKey(parameters.get("key")).setText("traced").build());
  }

  private void health() {
    var health = HealthGrpc.newBlockingStub(blocking.getChannel());
    for (String name : new String[] {"", SERVICE}) {
      ServingStatus status =
          health.check(HealthCheckRequest.newBuilder().setService(name).build()).getStatus();
      Check.equal(ServingStatus.SERVING, status, "the health of '" + name + "'");
    }
    HealthCheckRequest other =
        HealthCheckRequest.newBuilder().setService("no.such.Service").build();
    Check.fails(Status.Code.NOT_FOUND, () -> health.check(other));
  }

  private void reflection() throws Exception {
    Answers<ServerReflectionResponse> answers = new Answers<>();
    var requests =
        ServerReflectionGrpc.newStub(blocking.getChannel()).serverReflectionInfo(answers);
    requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    boolean listed =
        answers.next().orElseThrow().getListServicesResponse().getServiceList().stream()
            .anyMatch(service -> service.getName().equals(SERVICE));
    Check.holds(listed, "reflection does not list " + SERVICE);
    requests.onNext(ServerReflectionRequest.newBuilder().setFileContainingSymbol(SERVICE).build());
    int files =
        answers.next().orElseThrow().getFileDescriptorResponse().getFileDescriptorProtoCount();
    Check.holds(files > 0, "reflection has no file of " + SERVICE);
    requests.onCompleted();
  }

  private static WaitRequest waiting(String id, int ms) {
    return WaitRequest.newBuilder().setId(id).setMs(ms).build();
  }
}
