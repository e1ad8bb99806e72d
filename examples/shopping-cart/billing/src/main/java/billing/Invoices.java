package billing;

import billing.v1.BillingApi.Invoice;
import billing.v1.BillingApi.InvoiceLine;
import cart.v1.CartTopicsOuterClass.CartCheckedOut;
import com.google.protobuf.Timestamp;
import dev.samspel.database.Database;
import dev.samspel.messaging.TopicMessage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Invoices in Postgres.
 *
 * <ol>
 *   <li>There is one for a cart: it is written in the transaction that notes the checkout's
 *       message.
 *   <li>A payment is a fact once it is committed. That others learn of it is the {@link
 *       Announcer}'s work: it finds what is not announced yet, also after a crash.
 * </ol>
 */
final class Invoices {
  static final String[] DDL = {
    """
    create table if not exists invoice (
      cart_id text primary key,
      total_cents bigint not null,
      paid_at timestamptz,
      announced boolean not null default false
    )\
    """,
    """
    create table if not exists invoice_line (
      cart_id text not null references invoice,
      sku text not null,
      quantity integer not null,
      price_cents bigint not null,
      primary key (cart_id, sku)
    )\
    """,
    """
    create index if not exists invoice_to_announce on invoice (paid_at)
    where paid_at is not null and not announced\
    """
  };

  private final Database database;

  Invoices(Database database) {
    this.database = database;
  }

  /** Writes the invoice of a checkout. */
  static void write(TopicMessage<CartCheckedOut> message, Connection transaction)
      throws SQLException {
    String cartId = message.body().getCartId();
    Map<String, Integer> items = new TreeMap<>(message.body().getItemsMap());
    long total = 0;
    for (Map.Entry<String, Integer> item : items.entrySet()) {
      total += item.getValue() * Prices.of(item.getKey());
    }
    String invoice =
        "insert into invoice (cart_id, total_cents) values (?, ?) on conflict do nothing";
    try (PreparedStatement statement = transaction.prepareStatement(invoice)) {
      statement.setString(1, cartId);
      statement.setLong(2, total);
      if (statement.executeUpdate() == 0) {
        return; // a cart is checked out once, whatever its messages are called
      }
    }
    String line =
        "insert into invoice_line (cart_id, sku, quantity, price_cents) values (?, ?, ?, ?)";
    try (PreparedStatement statement = transaction.prepareStatement(line)) {
      for (Map.Entry<String, Integer> item : items.entrySet()) {
        statement.setString(1, cartId);
        statement.setString(2, item.getKey());
        statement.setInt(3, item.getValue());
        statement.setLong(4, Prices.of(item.getKey()));
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  /** The invoice of a cart, if there is one. */
  Optional<Invoice> find(String cartId) {
    return database.transaction(transaction -> find(transaction, cartId));
  }

  /** All invoices, or those that are not paid, by cart. */
  List<Invoice> list(boolean unpaid) {
    String select =
        "select cart_id, total_cents, paid_at from invoice "
            + (unpaid ? "where paid_at is null " : "")
            + "order by cart_id";
    return database.transaction(
        transaction -> {
          try (PreparedStatement statement = transaction.prepareStatement(select)) {
            return read(transaction, statement);
          }
        });
  }

  /** Notes that an invoice was paid, once; empty where there is none. */
  Optional<Invoice> pay(String cartId) {
    String update =
        "update invoice set paid_at = clock_timestamp() where cart_id = ? and paid_at is null";
    return database.transaction(
        transaction -> {
          try (PreparedStatement statement = transaction.prepareStatement(update)) {
            statement.setString(1, cartId);
            statement.executeUpdate();
          }
          return find(transaction, cartId);
        });
  }

  private static Optional<Invoice> find(Connection transaction, String cartId) throws SQLException {
    String select = "select cart_id, total_cents, paid_at from invoice where cart_id = ?";
    try (PreparedStatement statement = transaction.prepareStatement(select)) {
      statement.setString(1, cartId);
      return read(transaction, statement).stream().findFirst();
    }
  }

  private static List<Invoice> read(Connection transaction, PreparedStatement select)
      throws SQLException {
    List<Invoice> invoices = new ArrayList<>();
    try (ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        Invoice.Builder invoice =
            Invoice.newBuilder().setCartId(rows.getString(1)).setTotalCents(rows.getLong(2));
        if (rows.getTimestamp(3) != null) {
          var paidAt = rows.getTimestamp(3).toInstant();
          invoice.setPaidAt(
              Timestamp.newBuilder()
                  .setSeconds(paidAt.getEpochSecond())
                  .setNanos(paidAt.getNano()));
        }
        invoices.add(invoice.addAllLines(lines(transaction, rows.getString(1))).build());
      }
    }
    return invoices;
  }

  private static List<InvoiceLine> lines(Connection transaction, String cartId)
      throws SQLException {
    String select =
        "select sku, quantity, price_cents from invoice_line where cart_id = ? order by sku";
    List<InvoiceLine> lines = new ArrayList<>();
    try (PreparedStatement statement = transaction.prepareStatement(select)) {
      statement.setString(1, cartId);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          lines.add(
              InvoiceLine.newBuilder()
                  .setSku(rows.getString(1))
                  .setQuantity(rows.getInt(2))
                  .setPriceCents(rows.getLong(3))
                  .build());
        }
      }
    }
    return lines;
  }
}
