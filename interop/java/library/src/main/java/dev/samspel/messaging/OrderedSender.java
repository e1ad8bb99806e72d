package dev.samspel.messaging;

import dev.samspel.error.ConfigurationException;
import dev.samspel.error.Unavailable;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Stores messages in JetStream (T1).
 *
 * <ol>
 *   <li>Of a lane, one message is on its way at a time, in the order of the calls; lanes go beside
 *       each other.
 *   <li>A message is sent again under the same id until it is stored, or its time is over. Then it
 *       may be stored all the same, so the same id makes trying again harmless.
 * </ol>
 */
final class OrderedSender implements AutoCloseable {
  private static final int THREADS = 32;
  private static final Duration TRY = Duration.ofSeconds(2);
  private static final long PAUSE_MS = 100;

  private final Broker broker;
  private final Map<String, CompletableFuture<Void>> tails = new HashMap<>();
  private final ThreadPoolExecutor executor =
      new ThreadPoolExecutor(
          THREADS,
          THREADS,
          10,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          task -> {
            Thread thread = new Thread(task, "samspel-send");
            thread.setDaemon(true);
            return thread;
          });

  OrderedSender(Broker broker) {
    this.broker = broker;
    executor.allowCoreThreadTimeOut(true);
  }

  /** Makes the stream that the messages need. */
  interface Preparation {
    void run() throws IOException, InterruptedException;
  }

  record Outgoing(
      String subject, Headers headers, byte[] body, Duration timeout, Preparation prepare) {}

  /** Completes when JetStream has the message; fails with {@link Unavailable} where it has not. */
  synchronized CompletableFuture<Void> send(String lane, Outgoing message) {
    long end = System.nanoTime() + message.timeout().toNanos();
    CompletableFuture<Void> former =
        tails.getOrDefault(lane, CompletableFuture.completedFuture(null));
    CompletableFuture<Void> sent =
        former
            .handle((result, failure) -> result)
            .thenRunAsync(() -> store(message, end), executor);
    tails.put(lane, sent);
    sent.whenComplete((result, failure) -> forget(lane, sent));
    return sent;
  }

  @Override
  public void close() {
    executor.shutdown();
  }

  private synchronized void forget(String lane, CompletableFuture<Void> sent) {
    tails.remove(lane, sent);
  }

  private void store(Outgoing message, long end) {
    Exception trouble = null;
    try {
      for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
        Duration patience = Duration.ofNanos(Math.min(left, TRY.toNanos()));
        try {
          broker.store(message.subject(), message.headers(), message.body(), patience);
          return;
        } catch (Broker.NoAnswer missing) {
          trouble = prepare(message, missing);
        } catch (IOException | ConfigurationException away) {
          trouble = away;
          Thread.sleep(PAUSE_MS);
        }
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      trouble = stopped;
    }
    throw new Unavailable(
        "SAMSPEL_BROKER_UNREACHABLE",
        "the message is not known to be stored after %d ms; try again with the same id"
            .formatted(message.timeout().toMillis()),
        trouble);
  }

  private static Exception prepare(Outgoing message, Exception trouble)
      throws InterruptedException {
    try {
      message.prepare().run();
      return trouble;
    } catch (IOException away) {
      Thread.sleep(PAUSE_MS);
      return away;
    }
  }
}
