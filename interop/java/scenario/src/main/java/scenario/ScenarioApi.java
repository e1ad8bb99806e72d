package scenario;

import dev.samspel.call.CommandId;
import dev.samspel.error.Rejection;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import samspel.scenario.v1.Scenario.CallerRequest;
import samspel.scenario.v1.Scenario.CallerResponse;
import samspel.scenario.v1.Scenario.ChatRequest;
import samspel.scenario.v1.Scenario.ChatResponse;
import samspel.scenario.v1.Scenario.ConsumedRequest;
import samspel.scenario.v1.Scenario.ConsumedResponse;
import samspel.scenario.v1.Scenario.CountRequest;
import samspel.scenario.v1.Scenario.CountResponse;
import samspel.scenario.v1.Scenario.EchoRequest;
import samspel.scenario.v1.Scenario.EchoResponse;
import samspel.scenario.v1.Scenario.FailRequest;
import samspel.scenario.v1.Scenario.FailResponse;
import samspel.scenario.v1.Scenario.MetadataRequest;
import samspel.scenario.v1.Scenario.MetadataResponse;
import samspel.scenario.v1.Scenario.NoteRequest;
import samspel.scenario.v1.Scenario.NoteResponse;
import samspel.scenario.v1.Scenario.NoteTaken;
import samspel.scenario.v1.Scenario.NotesRequest;
import samspel.scenario.v1.Scenario.NotesResponse;
import samspel.scenario.v1.Scenario.SumRequest;
import samspel.scenario.v1.Scenario.SumResponse;
import samspel.scenario.v1.Scenario.WaitEnd;
import samspel.scenario.v1.Scenario.WaitRequest;
import samspel.scenario.v1.Scenario.WaitResponse;
import samspel.scenario.v1.Scenario.WaitedRequest;
import samspel.scenario.v1.Scenario.WaitedResponse;
import samspel.scenario.v1.ScenarioServiceGrpc.ScenarioServiceImplBase;

/** Answers the calls, and the tells, of ScenarioService. */
final class ScenarioApi extends ScenarioServiceImplBase {
  private final String servedBy;
  private final Notebook notebook;
  private final Map<String, WaitEnd> waits = new ConcurrentHashMap<>();

  ScenarioApi(String service, Notebook notebook) {
    String instance = System.getenv("SCENARIO_INSTANCE");
    this.servedBy = instance == null ? service : service + "/" + instance;
    this.notebook = notebook;
  }

  @Override
  public void echo(EchoRequest request, StreamObserver<EchoResponse> out) {
    answer(out, EchoResponse.newBuilder().setText(request.getText()).setServedBy(servedBy).build());
  }

  @Override
  public void count(CountRequest request, StreamObserver<CountResponse> out) {
    Pace pace = new Pace(out);
    long to = request.getTo() == 0 ? Long.MAX_VALUE : request.getTo();
    for (int number = 1; number <= to; number++) {
      if (number > 1) {
        pace.rest(request.getPauseMs());
      }
      if (!pace.waitUntilWanted()) {
        return; // the caller has gone
      }
      out.onNext(CountResponse.newBuilder().setNumber(number).build());
    }
    out.onCompleted();
  }

  @Override
  public StreamObserver<SumRequest> sum(StreamObserver<SumResponse> out) {
    return new Summation(out);
  }

  @Override
  public StreamObserver<ChatRequest> chat(StreamObserver<ChatResponse> out) {
    return new StreamObserver<>() {
      @Override
      public void onNext(ChatRequest said) {
        String louder = said.getText().toUpperCase(Locale.ROOT);
        out.onNext(ChatResponse.newBuilder().setText(louder).build());
      }

      @Override
      public void onError(Throwable gone) {
        // The caller has gone; nobody is to be answered.
      }

      @Override
      public void onCompleted() {
        out.onCompleted();
      }
    };
  }

  @Override
  public void fail(FailRequest request, StreamObserver<FailResponse> out) {
    if (request.getCrash()) {
      throw new IllegalStateException(request.getMessage());
    }
    throw new Rejection(
        Status.fromCodeValue(request.getCode()).getCode(),
        request.getMessage(),
        Rejection.detail(request.getReason(), request.getRetryable(), request.getMetadataMap()));
  }

  @Override
  public void wait(WaitRequest request, StreamObserver<WaitResponse> out) {
    Deadline deadline = Context.current().getDeadline();
    long left = deadline == null ? 0 : Math.max(0, deadline.timeRemaining(TimeUnit.MILLISECONDS));
    waits.put(request.getId(), WaitEnd.WAIT_END_WAITING);
    CountDownLatch over = new CountDownLatch(1);
    Context.current().addListener(context -> over.countDown(), Runnable::run);
    try {
      if (over.await(request.getMs(), TimeUnit.MILLISECONDS)) {
        waits.put(request.getId(), WaitEnd.WAIT_END_CANCELLED);
        return;
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    waits.put(request.getId(), WaitEnd.WAIT_END_FINISHED);
    answer(out, WaitResponse.newBuilder().setDeadlineLeftMs((int) left).build());
  }

  @Override
  public void waited(WaitedRequest request, StreamObserver<WaitedResponse> out) {
    WaitEnd end = waits.getOrDefault(request.getId(), WaitEnd.WAIT_END_UNSPECIFIED);
    answer(out, WaitedResponse.newBuilder().setEnd(end).build());
  }

  @Override
  public void metadata(MetadataRequest request, StreamObserver<MetadataResponse> out) {
    CallMetadata call = CallMetadata.current();
    MetadataResponse.Builder response = MetadataResponse.newBuilder();
    for (String name : call.request().keys()) {
      if (name.endsWith("-bin")) {
        byte[] bytes = call.request().get(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER));
        response.putEntries(name, Base64.getEncoder().withoutPadding().encodeToString(bytes));
      } else {
        response.putEntries(name, call.text(name));
      }
    }
    if (!request.getHeader().isEmpty()) {
      call.header().put(CallMetadata.textKey("x-scenario-header"), request.getHeader());
    }
    if (!request.getTrailer().isEmpty()) {
      call.trailer().put(CallMetadata.textKey("x-scenario-trailer"), request.getTrailer());
    }
    answer(out, response.build());
  }

  @Override
  public void note(NoteRequest request, StreamObserver<NoteResponse> out) {
    if (request.getKey().equals("reject")) {
      throw new Rejection(
          Status.Code.FAILED_PRECONDITION,
          "notes of this key are refused",
          Rejection.detail("SCENARIO_REJECTED", false, Map.of()));
    }
    NoteTaken.Builder taken =
        NoteTaken.newBuilder()
            .setText(request.getText())
            .setTenant(CallMetadata.current().text("x-tenant"))
            .setTraceparent(CallMetadata.current().text("traceparent"));
    Optional<String> commandId = CommandId.current();
    commandId.ifPresent(taken::setCommandId);
    int count = notebook.note(request, taken.build());
    answer(out, NoteResponse.newBuilder().setCount(count).build());
  }

  @Override
  public void notes(NotesRequest request, StreamObserver<NotesResponse> out) {
    answer(out, NotesResponse.newBuilder().addAllNotes(notebook.notes(request.getKey())).build());
  }

  @Override
  public void consumed(ConsumedRequest request, StreamObserver<ConsumedResponse> out) {
    answer(out, ConsumedResponse.newBuilder().addAllEvents(notebook.consumed()).build());
  }

  @Override
  public void caller(CallerRequest request, StreamObserver<CallerResponse> out) {
    answer(out, CallerResponse.getDefaultInstance()); // this library has no mutual TLS
  }

  private static <R> void answer(StreamObserver<R> out, R response) {
    out.onNext(response);
    out.onCompleted();
  }
}
