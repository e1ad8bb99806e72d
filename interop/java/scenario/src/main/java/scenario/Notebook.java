package scenario;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.samspel.database.Database;
import dev.samspel.database.Inbox;
import dev.samspel.messaging.TopicMessage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import samspel.scenario.v1.Scenario.ConsumedEvent;
import samspel.scenario.v1.Scenario.HappenedEvent;
import samspel.scenario.v1.Scenario.NoteRequest;
import samspel.scenario.v1.Scenario.NoteTaken;
import samspel.scenario.v1.ScenarioServiceGrpc;

/** What the service noted and consumed, in Postgres. */
final class Notebook {
  static final String[] DDL = {
    """
    create table if not exists note (
      number bigserial primary key,
      key text not null,
      taken bytea not null
    )\
    """,
    """
    create table if not exists consumed (
      number bigserial primary key,
      event bytea not null
    )\
    """
  };

  private final Database database;

  Notebook(Database database) {
    this.database = database;
  }

  /** Takes a note, once for each command, and counts those of its key. */
  int note(NoteRequest request, NoteTaken taken) {
    return database.transaction(
        transaction -> {
          if (Inbox.isNew(transaction, ScenarioServiceGrpc.getNoteMethod(), request)) {
            String insert = "insert into note (key, taken) values (?, ?)";
            try (PreparedStatement statement = transaction.prepareStatement(insert)) {
              statement.setString(1, request.getKey());
              statement.setBytes(2, taken.toByteArray());
              statement.executeUpdate();
            }
          }
          return notes(transaction, request.getKey()).size();
        });
  }

  List<NoteTaken> notes(String key) {
    return database.transaction(transaction -> notes(transaction, key));
  }

  List<ConsumedEvent> consumed() {
    return database.transaction(
        transaction -> {
          List<ConsumedEvent> events = new ArrayList<>();
          String select = "select event from consumed order by number";
          try (PreparedStatement statement = transaction.prepareStatement(select);
              ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              events.add(ConsumedEvent.parseFrom(rows.getBytes(1)));
            }
          } catch (InvalidProtocolBufferException malformed) {
            throw new IllegalStateException(malformed);
          }
          return events;
        });
  }

  /** Keeps what happened, in the transaction of the inbox. */
  static void consume(TopicMessage<HappenedEvent> message, Connection transaction)
      throws SQLException {
    if (message.body().getPoison()) {
      throw new IllegalStateException("poison");
    }
    ConsumedEvent event =
        ConsumedEvent.newBuilder()
            .setId(message.id())
            .setEvent(message.body())
            .setTenant(message.headers().getOrDefault("x-tenant", ""))
            .setTraceparent(message.headers().getOrDefault("traceparent", ""))
            .setSource(message.headers().getOrDefault("ce-source", ""))
            .build();
    String insert = "insert into consumed (event) values (?)";
    try (PreparedStatement statement = transaction.prepareStatement(insert)) {
      statement.setBytes(1, event.toByteArray());
      statement.executeUpdate();
    }
  }

  private static List<NoteTaken> notes(Connection transaction, String key) throws SQLException {
    String select = "select taken from note where key = ? order by number";
    try (PreparedStatement statement = transaction.prepareStatement(select)) {
      statement.setString(1, key);
      List<NoteTaken> notes = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          notes.add(NoteTaken.parseFrom(rows.getBytes(1)));
        }
      } catch (InvalidProtocolBufferException malformed) {
        throw new IllegalStateException(malformed);
      }
      return notes;
    }
  }
}
