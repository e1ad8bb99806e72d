package scenario;

import dev.samspel.Service;
import dev.samspel.messaging.Topic;
import samspel.scenario.v1.Scenario.HappenedEvent;
import samspel.scenario.v1.ScenarioTopicsGrpc;

/** {@code serve} or {@code drive}: the two sides of the suite, see interop/README.md. */
public final class Main {
  static final Topic<HappenedEvent> HAPPENED = Topic.of(ScenarioTopicsGrpc.getHappenedMethod());

  private Main() {}

  /** Runs one of the sides until SIGTERM. */
  public static void main(String[] args) {
    String side = args.length == 1 ? args[0] : "";
    switch (side) {
      case "serve" -> System.exit(Service.run("scenario-java", Serve::start));
      case "drive" -> System.exit(Service.run("driver-java", Drive::start));
      default -> {
        System.err.println("Usage: scenario serve|drive");
        System.exit(2);
      }
    }
  }
}
