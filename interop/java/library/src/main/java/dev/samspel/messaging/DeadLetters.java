package dev.samspel.messaging;

import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Where messages go that a group gave up on: whole, with what went wrong (T2). */
final class DeadLetters {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int ERROR_CHARACTERS = 1024;

  private DeadLetters() {}

  /**
   * Stores a dead letter; the same one a second time is dropped by its id. It returns only after
   * the broker has it, so that the message may be given up.
   */
  static void park(Broker broker, Feed<?> feed, Delivery delivery, Throwable error)
      throws IOException, InterruptedException {
    String text = error.getClass().getSimpleName() + ": " + error.getMessage();
    Headers headers = headers(feed.group(), delivery, text);
    Streams.ensureDeadLetters(broker);
    String subject = "%sdead.%s.%s".formatted(broker.prefix(), feed.group(), feed.name());
    broker.store(subject, headers, delivery.raw().getData(), TIMEOUT);
  }

  static Headers headers(String group, Delivery delivery, String error) {
    Headers headers = new Headers();
    Headers received = delivery.raw().getHeaders();
    if (received != null) {
      // Those of Nats- are orders to the server about the first publishing.
      received.forEach(
          (name, values) -> {
            if (!name.toLowerCase(Locale.ROOT).startsWith("nats-")) {
              headers.put(name, values);
            }
          });
    }
    String sequence = String.valueOf(delivery.sequence());
    headers.put("Nats-Msg-Id", group + "/" + delivery.stream() + "/" + sequence);
    headers.put("Samspel-Error", readable(error));
    headers.put("Samspel-Attempts", String.valueOf(delivery.attempt()));
    headers.put("Samspel-Group", group);
    headers.put("Samspel-Stream", delivery.stream());
    headers.put("Samspel-Sequence", sequence);
    headers.put("Samspel-Subject", delivery.raw().getSubject());
    return headers;
  }

  /** One line of printable ASCII with its spaces, as an error is for people to read. */
  private static String readable(String text) {
    List<String> words = new ArrayList<>();
    for (String word : text.substring(0, Math.min(ERROR_CHARACTERS, text.length())).split("\\s+")) {
      words.add(HeaderValues.encode(word));
    }
    return String.join(" ", words);
  }
}
