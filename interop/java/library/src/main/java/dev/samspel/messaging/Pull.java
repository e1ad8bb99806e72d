package dev.samspel.messaging;

import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Subscription;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * Asks a durable consumer for one message at a time.
 *
 * <p>jnats has no answer to a request in hand here: what JetStream delivers has the subject of the
 * stream, not that of the request. So each consumer has an inbox.
 */
final class Pull implements AutoCloseable {
  // How long the server keeps a pull; so it bounds the stop, and the way back after a restart.
  private static final byte[] ONE =
      "{\"batch\":1,\"expires\":1000000000}".getBytes(StandardCharsets.UTF_8);
  private static final Duration PATIENCE = Duration.ofMillis(1_500);

  private final Connection connection;
  private final String subject;
  private final String inbox;
  private final Subscription answers;

  Pull(Connection connection, String stream, String consumer) {
    this.connection = connection;
    this.subject = "$JS.API.CONSUMER.MSG.NEXT.%s.%s".formatted(stream, consumer);
    this.inbox = connection.createInbox();
    this.answers = connection.subscribe(inbox);
  }

  /**
   * The next message, if one comes within a second.
   *
   * @throws IOException where there is no such consumer any more
   */
  Optional<Delivery> next() throws IOException, InterruptedException {
    Message answer = answers.nextMessage(Duration.ofNanos(1)); // of an earlier pull
    if (answer == null) {
      connection.publish(subject, inbox, ONE);
      answer = answers.nextMessage(PATIENCE);
    }
    if (answer == null) {
      return Optional.empty();
    }
    if (!answer.isStatusMessage()) {
      return Optional.of(Delivery.of(answer));
    }
    int code = answer.getStatus().getCode();
    if (code == 404 || code == 408) { // nothing came within the time of the pull
      return Optional.empty();
    }
    throw new IOException("the consumer is gone: " + answer.getStatus().getMessage());
  }

  @Override
  public void close() {
    if (answers.isActive()) {
      answers.unsubscribe();
    }
  }
}
