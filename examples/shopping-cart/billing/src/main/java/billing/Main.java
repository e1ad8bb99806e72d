package billing;

import cart.v1.CartTopicsGrpc;
import cart.v1.CartTopicsOuterClass.CartCheckedOut;
import dev.samspel.Service;
import dev.samspel.database.Database;
import dev.samspel.messaging.Topic;

/** The service, from its start until SIGTERM. */
public final class Main {
  private static final Topic<CartCheckedOut> CHECKED_OUT =
      Topic.of(CartTopicsGrpc.getCheckedOutMethod());

  private Main() {}

  public static void main(String[] args) {
    System.exit(Service.run("billing", Main::start));
  }

  static void start(Service service) {
    Database database = service.database(Invoices.DDL);
    Invoices invoices = new Invoices(database);
    Announcer announcer =
        service.closeAtEnd(new Announcer(database, service.publisher(), service.teller()));

    service.serve(new BillingApi(invoices, announcer));
    service.subscribeOnce(CHECKED_OUT, "billing", database, Invoices::write);
  }
}
