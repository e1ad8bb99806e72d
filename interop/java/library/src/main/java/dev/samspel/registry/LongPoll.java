package dev.samspel.registry;

import com.google.gson.JsonElement;
import dev.samspel.settings.Backoff;
import java.time.Duration;

/**
 * Keeps asking the registry one question, and tells each answer (R7).
 *
 * <p>It runs in a thread of its own until it is closed, whatever the registry does: a question that
 * failed is asked again, without an index, after 0.1 to 2 s.
 */
final class LongPoll implements AutoCloseable {
  private static final Duration TIMEOUT =
      Duration.ofSeconds(35); // wait, and Consul's jitter of 1/16
  private static final long LONGEST_PAUSE_MS = 2_000;

  /** Hears what came; it is called in the poll's thread, and a failure of it must not end that. */
  interface Listener {
    void answered(JsonElement body);

    void failed(ConsulException error);
  }

  private final Consul consul;
  private final String question;
  private final Listener listener;
  private final Thread thread;

  LongPoll(Consul consul, String path, Listener listener) {
    this.consul = consul;
    this.question = path + (path.contains("?") ? "&" : "?") + "wait=25s";
    this.listener = listener;
    this.thread = new Thread(this::run, "samspel-poll " + path);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private void run() {
    String index = null;
    int failures = 0;
    try {
      while (!Thread.currentThread().isInterrupted()) {
        try {
          Consul.Answer answer =
              consul.get(index == null ? question : question + "&index=" + index, TIMEOUT);
          if (!answer.found()) {
            throw new ConsulException("The registry does not know " + question, null);
          }
          listener.answered(answer.json());
          String next = BlockingIndex.next(index, answer.index());
          if (index == null && next == null) {
            Thread.sleep(LONGEST_PAUSE_MS); // without any index the answers would come at once
          }
          index = next;
          failures = 0;
        } catch (ConsulException error) {
          index = null;
          failures++;
          listener.failed(error);
          Thread.sleep(Backoff.after(failures, LONGEST_PAUSE_MS).toMillis());
        }
      }
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }
}
