package scenario;

import dev.samspel.Service;
import dev.samspel.error.Rejection;
import dev.samspel.log.Log;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import samspel.scenario.v1.Scenario.RunRequest;
import samspel.scenario.v1.Scenario.RunResponse;
import samspel.scenario.v1.ScenarioDriverGrpc.ScenarioDriverImplBase;
import samspel.scenario.v1.ScenarioServiceGrpc;

/**
 * The side that calls, tells and publishes: carries out a scenario and looks at what came of it.
 */
final class Drive extends ScenarioDriverImplBase {
  private static final Log LOG = Log.of(Drive.class);

  private final Map<String, Scenario> scenarios = new ConcurrentHashMap<>();

  /** One scenario; it throws where something does not hold. */
  interface Scenario {
    void run(Map<String, String> parameters) throws Exception;
  }

  static void start(Service service) {
    var blocking =
        service
            .clients()
            .client(
                ScenarioServiceGrpc.getServiceDescriptor(), ScenarioServiceGrpc::newBlockingStub);
    var streaming =
        service
            .clients()
            .client(ScenarioServiceGrpc.getServiceDescriptor(), ScenarioServiceGrpc::newStub);
    Drive drive = new Drive();
    new CallScenarios(blocking, streaming).addTo(drive.scenarios);
    new ErrorScenarios(blocking).addTo(drive.scenarios);
    new DurableScenarios(service.publisher(), service.teller()).addTo(drive.scenarios);
    new RegistryScenarios(blocking).addTo(drive.scenarios);
    service.serve(drive);
  }

  @Override
  public void run(RunRequest request, StreamObserver<RunResponse> out) {
    Scenario scenario = scenarios.get(request.getScenario());
    if (scenario == null) {
      throw new Rejection(Status.Code.UNIMPLEMENTED, "no scenario " + request.getScenario());
    }
    RunResponse.Builder response = RunResponse.newBuilder();
    try {
      // Scenarios take their time: within the trace of this call, but not within its deadline.
      Context.current()
          .fork()
          .call(
              () -> {
                scenario.run(request.getParametersMap());
                return null;
              });
      response.setPassed(true);
    } catch (Exception error) {
      LOG.warn(error, "scenario failed", "scenario", request.getScenario());
      response.setMessage(String.valueOf(error));
    }
    out.onNext(response.build());
    out.onCompleted();
  }
}
