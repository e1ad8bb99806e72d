package scenario;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import samspel.scenario.v1.Scenario.EchoRequest;
import samspel.scenario.v1.ScenarioServiceGrpc.ScenarioServiceBlockingStub;

/** Instances that come and go. */
final class RegistryScenarios {
  private static final Duration TO_APPEAR = Duration.ofSeconds(15);
  private static final Duration TO_GO = Duration.ofSeconds(10);
  private static final int CALLERS = 8;

  private final ScenarioServiceBlockingStub blocking;

  RegistryScenarios(ScenarioServiceBlockingStub blocking) {
    this.blocking = blocking;
  }

  void addTo(Map<String, Drive.Scenario> scenarios) {
    scenarios.put("discovery", this::discovery);
    scenarios.put("re-registration", parameters -> callFor(parameters, 1));
    scenarios.put("drain", parameters -> callFor(parameters, CALLERS));
  }

  private void discovery(Map<String, String> parameters) throws Exception {
    if (parameters.containsKey("instances")) {
      appear(Integer.parseInt(parameters.get("instances")));
    }
    if (parameters.containsKey("gone")) {
      go(parameters.get("gone"));
    }
  }

  private void appear(int instances) throws InterruptedException {
    Set<String> seen = new HashSet<>();
    Check.soon(
        () -> {
          seen.add(servedBy());
          return seen.size() == instances;
        },
        TO_APPEAR,
        instances + " instances are seen");
    int calls = 100;
    Map<String, Integer> share = new HashMap<>();
    for (int call = 0; call < calls; call++) {
      share.merge(servedBy(), 1, Integer::sum);
    }
    share.forEach(
        (name, count) ->
            Check.holds(
                count >= calls / instances / 5, name + " answered " + count + " of " + calls));
    Check.equal(instances, share.size(), "the number of instances");
  }

  private void go(String gone) throws InterruptedException {
    long[] lastSeen = {System.nanoTime()};
    Check.soon(
        () -> {
          if (servedBy().equals(gone)) {
            lastSeen[0] = System.nanoTime();
          }
          return System.nanoTime() - lastSeen[0] > Duration.ofSeconds(2).toNanos();
        },
        TO_GO.plusSeconds(2),
        gone + " is seen no more");
  }

  /** Calls all the time; that none may fail is the scenario. */
  private void callFor(Map<String, String> parameters, int callers) throws Exception {
    long seconds = Long.parseLong(parameters.get("seconds"));
    long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    ExecutorService executor = Executors.newFixedThreadPool(callers);
    try {
      List<CompletableFuture<Void>> running = new ArrayList<>();
      for (int caller = 0; caller < callers; caller++) {
        running.add(
            CompletableFuture.runAsync(
                () -> {
                  while (System.nanoTime() < end) {
                    servedBy();
                  }
                },
                executor));
      }
      for (CompletableFuture<Void> caller : running) {
        caller.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }

  private String servedBy() {
    return blocking.echo(EchoRequest.newBuilder().setText("who").build()).getServedBy();
  }
}
