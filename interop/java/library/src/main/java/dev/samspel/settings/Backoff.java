package dev.samspel.settings;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Waiting between attempts: exponential, with jitter, so that many clients do not come back at
 * once.
 *
 * <p>After "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
public final class Backoff {
  private static final long FIRST_MS = 100;

  /** The longest wait, unless another one is asked for. */
  public static final long LONGEST_MS = 5_000;

  private Backoff() {}

  /**
   * How long to wait after failed attempt number {@code attempt} (1, 2, 3 …).
   *
   * <p>Between half and all of 0.1, 0.2, 0.4 … 5 s: the seven waits between eight attempts take
   * 11.3 s at the most.
   */
  public static Duration after(long attempt) {
    return after(attempt, LONGEST_MS);
  }

  /** The same, but never longer than {@code longestMs}. */
  public static Duration after(long attempt, long longestMs) {
    long ceiling = Math.min(longestMs, FIRST_MS << Math.min(Math.max(attempt, 1) - 1, 16));
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(ceiling / 2, ceiling + 1));
  }
}
