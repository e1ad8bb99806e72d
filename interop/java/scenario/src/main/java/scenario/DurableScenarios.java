package scenario;

import dev.samspel.call.TraceContext;
import dev.samspel.error.ErrorDetails;
import dev.samspel.messaging.Publisher;
import dev.samspel.messaging.Receipt;
import dev.samspel.messaging.SendOptions;
import dev.samspel.messaging.TellFailed;
import dev.samspel.messaging.Teller;
import io.grpc.Context;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import samspel.scenario.v1.Scenario.HappenedEvent;
import samspel.scenario.v1.Scenario.NoteRequest;
import samspel.scenario.v1.Scenario.NoteResponse;
import samspel.scenario.v1.Scenario.NoteTaken;
import samspel.scenario.v1.Scenario.NotesRequest;
import samspel.scenario.v1.ScenarioServiceGrpc;
import samspel.scenario.v1.ScenarioServiceGrpc.ScenarioServiceBlockingStub;

/** Topics and tells. */
final class DurableScenarios {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ScenarioServiceBlockingStub blocking;
  private final Publisher publisher;
  private final Teller teller;

  DurableScenarios(ScenarioServiceBlockingStub blocking, Publisher publisher, Teller teller) {
    this.blocking = blocking;
    this.publisher = publisher;
    this.teller = teller;
  }

  void addTo(Map<String, Drive.Scenario> scenarios) {
    scenarios.put("topic", this::topic);
    scenarios.put("tell", parameters -> tell());
    scenarios.put("tell-rejected", parameters -> tellRejected());
  }

  private void topic(Map<String, String> parameters) throws Exception {
    String run = parameters.get("run");
    Map<String, String> trace =
        Map.of("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    Context context =
        TraceContext.current().isEmpty()
            ? TraceContext.within(Context.current(), trace::get)
            : Context.current();
    List<CompletableFuture<String>> published = context.call(() -> publishAll(run));
    for (CompletableFuture<String> each : published) {
      each.get();
    }
  }

  private List<CompletableFuture<String>> publishAll(String run) {
    List<CompletableFuture<String>> published = new ArrayList<>();
    for (int number = 1; number <= 10; number++) {
      for (int key = 0; key < 20; key++) {
        HappenedEvent event =
            HappenedEvent.newBuilder().setKey("k-" + key).setNumber(number).build();
        SendOptions options =
            SendOptions.id("%s/k-%d/%d".formatted(run, key, number)).header("x-tenant", "grün");
        published.add(publisher.publishAsync(Main.HAPPENED, event, options));
        published.add(publisher.publishAsync(Main.HAPPENED, event, options));
      }
    }
    return published;
  }

  private void tell() throws Exception {
    String key = UUID.randomUUID().toString();
    NoteRequest request = NoteRequest.newBuilder().setKey(key).setText("told").build();
    SendOptions options = SendOptions.id("tell 1").header("x-tenant", "grün");
    Receipt<NoteResponse> first =
        teller.tell(ScenarioServiceGrpc.getNoteMethod(), request, options);
    Receipt<NoteResponse> second =
        teller.tell(ScenarioServiceGrpc.getNoteMethod(), request, options);
    Check.equal(1, first.reply(PATIENCE).getCount(), "the count of the reply");
    Check.equal(1, second.reply(PATIENCE).getCount(), "the count of the second reply");
    List<NoteTaken> notes =
        blocking.notes(NotesRequest.newBuilder().setKey(key).build()).getNotesList();
    Check.equal(1, notes.size(), "the number of notes");
    Check.equal("told", notes.get(0).getText(), "the text");
    Check.equal("tell 1", notes.get(0).getCommandId(), "the command id");
    String tenant = notes.get(0).getTenant();
    Check.holds(tenant.equals("grün") || tenant.equals("gr%C3%BCn"), "the tenant is " + tenant);
  }

  private void tellRejected() throws Exception {
    NoteRequest request = NoteRequest.newBuilder().setKey("reject").setText("told").build();
    Receipt<NoteResponse> receipt = teller.tell(ScenarioServiceGrpc.getNoteMethod(), request);
    try {
      receipt.reply(PATIENCE);
    } catch (TellFailed failure) {
      Check.equal(Status.Code.FAILED_PRECONDITION, failure.getStatus().getCode(), "the code");
      String reason = ErrorDetails.of(failure).orElseThrow().getCode();
      Check.equal("SCENARIO_REJECTED", reason, "the reason");
      Check.holds(failure.rejected(), "it counts as given up, not as rejected");
      return;
    }
    throw new IllegalStateException("expected a rejection, came a reply");
  }
}
