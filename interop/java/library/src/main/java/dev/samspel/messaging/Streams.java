package dev.samspel.messaging;

import dev.samspel.error.ConfigurationException;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/**
 * The streams of topics, tells, replies and dead letters. Whoever comes first makes them, alike in
 * every language; one that is there is taken as it is.
 */
final class Streams {
  static final String REPLIES = "tell_replies";

  private static final Duration DUPLICATE_WINDOW = Duration.ofMinutes(2);
  private static final Duration REPLIES_KEPT = Duration.ofDays(7);
  private static final String PARTITIONS = "samspel-partitions";
  private static final int NOT_FOUND = 10059;
  private static final int NAME_IN_USE = 10058;

  private Streams() {}

  /**
   * Makes sure that a topic's stream exists, and returns its name.
   *
   * @throws ConfigurationException where it has another number of partitions, which is fixed for
   *     its life
   */
  static String ensureTopic(Broker broker, Topic<?> topic)
      throws IOException, InterruptedException {
    String name = topic.stream(broker.prefix());
    String partitions = String.valueOf(topic.partitions());
    StreamConfiguration found =
        ensure(
            broker,
            durable(name)
                .subjects(topic.subject(broker.prefix(), "*"))
                .discardPolicy(DiscardPolicy.Old)
                .duplicateWindow(DUPLICATE_WINDOW)
                .metadata(Map.of(PARTITIONS, partitions))
                .build());
    String actual = found.getMetadata() == null ? null : found.getMetadata().get(PARTITIONS);
    if (!partitions.equals(actual)) {
      throw new ConfigurationException(
          "Cannot use topic %s as its partitions must be %s: stream %s has %s"
              .formatted(
                  topic.name(), partitions, name, actual == null ? "an unknown number" : actual));
    }
    return name;
  }

  /** Makes sure that the stream of a proto service's tells exists, and returns its name. */
  static String ensureTells(Broker broker, String service)
      throws IOException, InterruptedException {
    String prefix = broker.prefix();
    String name = prefix + TellAddress.stream(service);
    ensure(
        broker,
        durable(name)
            .subjects(prefix + "tell." + service + ".*", prefix + "later." + service + ".*")
            .discardPolicy(DiscardPolicy.New)
            .duplicateWindow(DUPLICATE_WINDOW)
            .allowMessageSchedules(true)
            .metadata(Map.of(PARTITIONS, String.valueOf(TellAddress.PARTITIONS)))
            .build());
    return name;
  }

  /** Makes sure that the stream of replies exists. */
  static void ensureReplies(Broker broker) throws IOException, InterruptedException {
    ensure(
        broker,
        durable(broker.prefix() + REPLIES)
            .subjects(broker.prefix() + "reply.>")
            .discardPolicy(DiscardPolicy.New)
            .maxMessagesPerSubject(1)
            .maxAge(REPLIES_KEPT)
            .allowDirect(true)
            .build());
  }

  /** Makes sure that the stream of dead letters exists. */
  static void ensureDeadLetters(Broker broker) throws IOException, InterruptedException {
    ensure(
        broker,
        durable(broker.prefix() + "dead_letters")
            .subjects(broker.prefix() + "dead.>")
            .discardPolicy(DiscardPolicy.Old)
            .duplicateWindow(DUPLICATE_WINDOW)
            .build());
  }

  private static StreamConfiguration.Builder durable(String name) {
    return StreamConfiguration.builder()
        .name(name)
        .storageType(StorageType.File)
        .retentionPolicy(RetentionPolicy.Limits);
  }

  private static StreamConfiguration ensure(Broker broker, StreamConfiguration wanted)
      throws IOException, InterruptedException {
    JetStreamManagement streams = broker.connection().jetStreamManagement();
    try {
      try {
        return streams.getStreamInfo(wanted.getName()).getConfiguration();
      } catch (JetStreamApiException error) {
        if (error.getApiErrorCode() != NOT_FOUND) {
          throw error;
        }
      }
      try {
        return streams.addStream(wanted).getConfiguration();
      } catch (JetStreamApiException error) {
        if (error.getApiErrorCode() != NAME_IN_USE) {
          throw error;
        }
        return streams.getStreamInfo(wanted.getName()).getConfiguration(); // another was faster
      }
    } catch (JetStreamApiException refused) {
      throw new IOException(refused.getMessage(), refused);
    }
  }
}
