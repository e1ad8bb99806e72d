package dev.samspel.database;

import com.google.protobuf.Message;
import dev.samspel.call.CommandId;
import dev.samspel.messaging.KeyField;
import dev.samspel.messaging.TellAddress;
import io.grpc.MethodDescriptor;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Makes what comes at least once have its effect once: the id of a message is noted in the
 * transaction of its effect.
 *
 * <p>Notes are kept for 7 days.
 */
public final class Inbox {
  /** Makes the table; for {@link Database#open}. */
  public static final String DDL =
      """
      create table if not exists samspel_inbox (
        subscription text not null,
        message_id text not null,
        received_at timestamptz not null default now(),
        primary key (subscription, message_id)
      )\
      """;

  private Inbox() {}

  /**
   * Notes a message: true where it is new, false where its effect is there already. A note of
   * another transaction that is still open is waited for.
   */
  public static boolean note(Connection transaction, String subscription, String messageId)
      throws SQLException {
    String insert =
        "insert into samspel_inbox (subscription, message_id) values (?, ?) on conflict do nothing";
    try (PreparedStatement statement = transaction.prepareStatement(insert)) {
      statement.setString(1, subscription);
      statement.setString(2, messageId);
      return statement.executeUpdate() == 1;
    }
  }

  /**
   * Within a handler: whether the command at hand, a tell or a call with a command id, is to have
   * its effect now. False where it had it already; a command without an id is always new.
   *
   * @param method the handler's, such as {@code BillingServiceGrpc.getPayMethod()}
   */
  public static <Q extends Message> boolean isNew(
      Connection transaction, MethodDescriptor<Q, ?> method, Q request) throws SQLException {
    Optional<String> id = CommandId.current();
    if (id.isEmpty()) {
      return true;
    }
    String key = KeyField.in(request).orElse(id.get());
    return note(
        transaction,
        "handler/tell." + method.getServiceName(),
        TellAddress.messageId(method.getBareMethodName(), key, id.get()));
  }

  /** Deletes notes that are older than 7 days, and says how many. */
  public static int forget(Connection transaction) throws SQLException {
    String delete = "delete from samspel_inbox where received_at < now() - interval '7 days'";
    try (PreparedStatement statement = transaction.prepareStatement(delete)) {
      return statement.executeUpdate();
    }
  }
}
