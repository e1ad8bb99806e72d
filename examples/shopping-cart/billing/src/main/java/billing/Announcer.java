package billing;

import billing.v1.BillingTopicsGrpc;
import billing.v1.BillingTopicsOuterClass.InvoicePaid;
import dev.samspel.database.Database;
import dev.samspel.error.Unavailable;
import dev.samspel.log.Log;
import dev.samspel.messaging.Publisher;
import dev.samspel.messaging.SendOptions;
import dev.samspel.messaging.Teller;
import dev.samspel.messaging.Topic;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import shipping.v1.ShippingApi.DispatchRequest;
import shipping.v1.ShippingServiceGrpc;

/**
 * Tells the others that an invoice was paid: publishes it, and has its shipment dispatched.
 *
 * <p>It looks for what is paid and not announced, when a payment wakes it and every 2 s: so nothing
 * is lost when the process dies between the payment and its announcement, or NATS is away. What is
 * announced twice is the same twice, by its id.
 */
final class Announcer implements AutoCloseable {
  private static final Topic<InvoicePaid> PAID = Topic.of(BillingTopicsGrpc.getPaidMethod());
  private static final long LOOK_SECONDS = 2;
  private static final Log LOG = Log.of(Announcer.class);

  private final Database database;
  private final Publisher publisher;
  private final Teller teller;
  private final Semaphore work = new Semaphore(1);
  private final Thread thread = new Thread(this::run, "announcer");

  Announcer(Database database, Publisher publisher, Teller teller) {
    this.database = database;
    this.publisher = publisher;
    this.teller = teller;
    thread.start();
  }

  void wake() {
    work.release();
  }

  @Override
  public void close() {
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException hurried) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (true) {
        boolean woken = work.tryAcquire(LOOK_SECONDS, TimeUnit.SECONDS);
        work.drainPermits();
        announceAll(woken);
      }
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  private void announceAll(boolean woken) throws InterruptedException {
    try {
      while (database.transaction(this::announceNext)) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    } catch (Unavailable away) {
      if (woken) {
        LOG.warn("payments not announced yet", "reason", away.getMessage());
      }
    } catch (RuntimeException error) { // the next look may fare better
      LOG.error(error, "payments not announced yet");
    }
  }

  /** Announces one invoice, unless there is none; another instance leaves a locked one alone. */
  private boolean announceNext(Connection transaction) throws SQLException {
    String select =
        "select cart_id, total_cents from invoice where paid_at is not null and not announced "
            + "order by paid_at limit 1 for update skip locked";
    String cartId;
    long totalCents;
    try (PreparedStatement statement = transaction.prepareStatement(select);
        ResultSet rows = statement.executeQuery()) {
      if (!rows.next()) {
        return false;
      }
      cartId = rows.getString(1);
      totalCents = rows.getLong(2);
    }
    InvoicePaid paid = InvoicePaid.newBuilder().setCartId(cartId).setTotalCents(totalCents).build();
    publisher.publish(PAID, paid, SendOptions.id("invoice/" + cartId + "/paid"));
    DispatchRequest dispatch = DispatchRequest.newBuilder().setCartId(cartId).build();
    // A tell's id counts for its method and its key, which is the cart.
    teller.tell(ShippingServiceGrpc.getDispatchMethod(), dispatch, SendOptions.id("paid"));
    String update = "update invoice set announced = true where cart_id = ?";
    try (PreparedStatement statement = transaction.prepareStatement(update)) {
      statement.setString(1, cartId);
      statement.executeUpdate();
    }
    return true;
  }
}
