package dev.samspel.messaging;

import com.google.protobuf.Message;
import dev.samspel.error.Unavailable;
import dev.samspel.log.Log;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Publishes to topics (T1, T3).
 *
 * <p>Of one key, one message is on its way at a time, in the order of the calls of this process. A
 * message that is published twice under one id within two minutes is there once.
 */
public final class Publisher {
  private static final Log LOG = Log.of(Publisher.class);

  private final Broker broker;
  private final OrderedSender sender;
  private final Set<String> ready = ConcurrentHashMap.newKeySet();

  Publisher(Broker broker, OrderedSender sender) {
    this.broker = broker;
    this.sender = sender;
  }

  /** Publishes under a random id; see {@link #publish(Topic, Message, SendOptions)}. */
  public <T extends Message> String publish(Topic<T> topic, T message) {
    return publish(topic, message, SendOptions.DEFAULT);
  }

  /**
   * Publishes, and returns the message's id when it is stored.
   *
   * @throws Unavailable where it is not known to be stored in time; it may be all the same, so
   *     publish it again under the same id
   */
  public <T extends Message> String publish(Topic<T> topic, T message, SendOptions options) {
    return join(publishAsync(topic, message, options));
  }

  /** Publishes; the future has the id when the message is stored, or {@link Unavailable}. */
  public <T extends Message> CompletableFuture<String> publishAsync(
      Topic<T> topic, T message, SendOptions options) {
    String id = options.id().orElseGet(() -> UUID.randomUUID().toString());
    String key = topic.keyOf(message);
    int partition = Partitions.partitionOf(key, topic.partitions());
    String lane = topic.name() + "/" + key;
    CloudEvent event =
        new CloudEvent(broker.service(), topic.messageType(), id, key, Instant.now());
    Headers headers = headers(event, options.headers());
    OrderedSender.Outgoing outgoing =
        new OrderedSender.Outgoing(
            topic.subject(broker.prefix(), partition),
            headers,
            message.toByteArray(),
            options.timeout(),
            () -> Streams.ensureTopic(broker, topic));
    try {
      prepare(topic);
    } catch (IOException away) {
      LOG.debug("topic not looked at", "topic", topic.name(), "reason", away.getMessage());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    return sender.send(lane, outgoing).thenApply(stored -> id);
  }

  /** A stream with another number of partitions must not be written to: it is looked at once. */
  private void prepare(Topic<?> topic) throws IOException, InterruptedException {
    if (!ready.contains(topic.name())) {
      Streams.ensureTopic(broker, topic);
      ready.add(topic.name());
    }
  }

  static Headers headers(CloudEvent event, Map<String, String> own) {
    Headers headers = event.headers(own);
    headers.put("Nats-Msg-Id", HeaderValues.encode(event.id()));
    headers.put("ce-subject", HeaderValues.encode(event.key()));
    return headers;
  }

  /** Waits for a future, and throws what went wrong itself. */
  static <T> T join(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException error) {
      if (error.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw error;
    }
  }
}
