package dev.samspel.messaging;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.samspel.error.ConfigurationException;
import dev.samspel.error.Unavailable;
import dev.samspel.log.Log;
import dev.samspel.settings.Backoff;
import io.nats.client.JetStreamApiException;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Consumes as one of a named group (T2).
 *
 * <ol>
 *   <li>Each partition has one durable consumer with at most one message on its way, so that a
 *       key's messages are handled in order on any number of instances, without leases. Each has a
 *       thread here, in which its handler runs.
 *   <li>A handler that fails is tried again with backoff: the broker counts the deliveries. After
 *       the last attempt the message is parked as a dead letter and its partition goes on. What
 *       cannot be decoded is parked at once.
 *   <li>{@link Unavailable} is no failure of the message: it is kept and tried again, for ever, and
 *       counts no attempt.
 *   <li>A message is acknowledged after its handler returned, never before: at least once.
 * </ol>
 */
public final class GroupConsumer<M> {
  private static final Duration ACK_WAIT = Duration.ofSeconds(10);
  private static final long PROGRESS_MS = 3_000;
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final Log LOG = Log.of(GroupConsumer.class);

  private final Broker broker;
  private final Feed<M> feed;
  private final ScheduledExecutorService timers;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final List<Thread> threads = new ArrayList<>();

  GroupConsumer(Broker broker, Feed<M> feed, ScheduledExecutorService timers) {
    this.broker = broker;
    this.feed = feed;
    this.timers = timers;
  }

  /**
   * Makes what the broker lacks, and begins to consume.
   *
   * @throws ConfigurationException where the broker is away, or refuses
   */
  public void start() throws InterruptedException {
    try {
      String stream = feed.ensureStream();
      for (int partition = 0; partition < feed.partitions(); partition++) {
        bind(stream, partition);
      }
    } catch (IOException error) {
      throw new ConfigurationException(
          "Cannot subscribe to %s as NATS does not let it: %s"
              .formatted(feed.name(), error.getMessage()),
          error);
    }
    for (int partition = 0; partition < feed.partitions(); partition++) {
      int number = partition;
      Thread thread = new Thread(() -> run(number), feed.group() + "-" + number);
      threads.add(thread);
      thread.start();
    }
    LOG.info("subscribed", "topic", feed.name(), "group", feed.group());
  }

  /** Takes no more messages; {@link #join} waits until those in hand are settled. */
  public void stop() {
    stopping.countDown();
  }

  /** Waits until nothing is in hand; what still is when time is over will be handled again. */
  public void join(Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    for (Thread thread : threads) {
      thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
      thread.interrupt();
    }
  }

  private void run(int partition) {
    int failures = 0;
    try {
      while (isOpen()) {
        try {
          String stream = feed.ensureStream();
          bind(stream, partition);
          failures = 0;
          consume(stream, partition);
        } catch (IOException | RuntimeException error) { // a partition must not stay unread
          failures++;
          if (failures == 1 && broker.connected()) {
            LOG.warn(
                "consumer interrupted",
                "topic",
                feed.name(),
                "partition",
                partition,
                "reason",
                String.valueOf(error.getMessage()));
          }
          pause(Backoff.after(failures));
        }
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void bind(String stream, int partition) throws IOException, InterruptedException {
    ConsumerConfiguration configuration =
        ConsumerConfiguration.builder()
            .durable(feed.group() + "-" + partition)
            .filterSubject(feed.subject(partition))
            .deliverPolicy(DeliverPolicy.All)
            .ackPolicy(AckPolicy.Explicit)
            .ackWait(ACK_WAIT)
            .maxAckPending(1)
            .maxDeliver(-1)
            .build();
    try {
      broker.connection().jetStreamManagement().addOrUpdateConsumer(stream, configuration);
    } catch (JetStreamApiException refused) {
      throw new IOException(refused.getMessage(), refused);
    }
  }

  private void consume(String stream, int partition) throws IOException, InterruptedException {
    try (Pull pull = new Pull(broker.connection(), stream, feed.group() + "-" + partition)) {
      while (isOpen()) {
        if (!broker.connected()) {
          pause(PAUSE);
          continue;
        }
        Optional<Delivery> delivery = pull.next();
        if (delivery.isPresent()) {
          settle(delivery.get());
        }
      }
    }
  }

  private void settle(Delivery delivery) throws IOException, InterruptedException {
    M message;
    try {
      message = feed.read(delivery);
    } catch (InvalidProtocolBufferException error) {
      LOG.error(error, "dead letter: no message of the topic", delivery.about(feed.name()));
      bury(delivery, error);
      return;
    }
    Future<?> progress = reportProgress(delivery);
    try {
      attempt(message, delivery);
    } catch (InterruptedException stopped) {
      throw stopped;
    } catch (Exception | Error error) {
      boolean again = error instanceof Unavailable || delivery.attempt() < feed.attempts();
      if (again && !feed.isFinal(error)) {
        LOG.warn(error, "message failed", delivery.about(feed.name()));
        delivery.raw().nakWithDelay(Backoff.after(delivery.attempt(), feed.longestPauseMs()));
        return;
      }
      LOG.error(error, "dead letter: the last attempt failed", delivery.about(feed.name()));
      bury(delivery, error);
      return;
    } finally {
      progress.cancel(false);
    }
    delivery.raw().ack();
  }

  /** Tells the broker that the message is in good hands, for as long as that takes. */
  private Future<?> reportProgress(Delivery delivery) {
    return timers.scheduleAtFixedRate(
        () -> {
          try {
            delivery.raw().inProgress();
          } catch (IllegalStateException closed) {
            LOG.debug("progress not reported", "reason", closed.getMessage());
          }
        },
        PROGRESS_MS,
        PROGRESS_MS,
        TimeUnit.MILLISECONDS);
  }

  private void attempt(M message, Delivery delivery) throws Exception {
    for (int waits = 1; ; waits++) {
      try {
        feed.handle(message);
        return;
      } catch (Unavailable error) {
        if (!isOpen()) {
          throw error;
        }
        if (waits == 1) {
          LOG.warn("message waits", "id", delivery.id(), "reason", error.getMessage());
        }
        pause(Backoff.after(waits));
      }
    }
  }

  private void bury(Delivery delivery, Throwable error) throws IOException, InterruptedException {
    feed.givenUp(delivery, error);
    DeadLetters.park(broker, feed, delivery, error);
    delivery.raw().term();
  }

  private boolean isOpen() {
    return stopping.getCount() > 0;
  }

  /** Sleeps, unless a stop comes first. */
  private void pause(Duration duration) throws InterruptedException {
    stopping.await(duration.toMillis(), TimeUnit.MILLISECONDS);
  }
}
