package scenario;

import dev.samspel.error.ErrorDetails;
import dev.samspel.messaging.Publisher;
import dev.samspel.messaging.Receipt;
import dev.samspel.messaging.SendOptions;
import dev.samspel.messaging.TellFailed;
import dev.samspel.messaging.Teller;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import samspel.scenario.v1.Scenario.HappenedEvent;
import samspel.scenario.v1.Scenario.NoteRequest;
import samspel.scenario.v1.Scenario.NoteResponse;
import samspel.scenario.v1.ScenarioServiceGrpc;

/** Topics and tells. */
final class DurableScenarios {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Publisher publisher;
  private final Teller teller;

  DurableScenarios(Publisher publisher, Teller teller) {
    this.publisher = publisher;
    this.teller = teller;
  }

  void addTo(Map<String, Drive.Scenario> scenarios) {
    scenarios.put("topic", this::topic);
    scenarios.put("tell", this::tell);
    scenarios.put("tell-rejected", this::tellRejected);
  }

  private void topic(Map<String, String> parameters) throws Exception {
    for (CompletableFuture<String> each : publishAll(parameters.get("run"))) {
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

  private void tell(Map<String, String> parameters) throws Exception {
    NoteRequest request =
        NoteRequest.newBuilder().setKey(parameters.get("key")).setText("told").build();
    SendOptions options = SendOptions.id(parameters.get("id")).header("x-tenant", "grün");
    Receipt<NoteResponse> first =
        teller.tell(ScenarioServiceGrpc.getNoteMethod(), request, options);
    Receipt<NoteResponse> second =
        teller.tell(ScenarioServiceGrpc.getNoteMethod(), request, options);
    Check.equal(1, first.reply(PATIENCE).getCount(), "the count of the reply");
    Check.equal(1, second.reply(PATIENCE).getCount(), "the count of the second reply");
  }

  private void tellRejected(Map<String, String> parameters) throws Exception {
    NoteRequest request = NoteRequest.newBuilder().setKey("reject").setText("told").build();
    SendOptions options = SendOptions.id(parameters.get("id"));
    Receipt<NoteResponse> receipt =
        teller.tell(ScenarioServiceGrpc.getNoteMethod(), request, options);
    try {
      receipt.reply(Duration.ofSeconds(5));
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
