package scenario;

import dev.samspel.Service;
import dev.samspel.database.Database;
import io.grpc.ServerInterceptors;

/** The side that is called, told and published to. */
final class Serve {
  private Serve() {}

  static void start(Service service) {
    Database database = service.database(Notebook.DDL);
    Notebook notebook = new Notebook(database);
    ScenarioApi api = new ScenarioApi(service.settings().service(), notebook);
    service.serve(ServerInterceptors.intercept(api, new CallMetadata.Interceptor()));
    service.subscribeOnce(Main.HAPPENED, "scenario", 3, database, Notebook::consume);
  }
}
