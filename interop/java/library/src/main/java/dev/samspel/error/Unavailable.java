package dev.samspel.error;

import io.grpc.Status;
import java.util.Map;

/**
 * What the handler needs is away, and comes back: callers may retry; a subscription keeps its
 * message, tries again, and counts no attempt.
 */
public final class Unavailable extends Rejection {
  private static final long serialVersionUID = 1L;

  /** What does not answer is the database. The cause is logged, and does not travel. */
  public Unavailable(String message, Throwable cause) {
    this("SAMSPEL_DATABASE_UNREACHABLE", message, cause);
  }

  /**
   * Says which part of the system is away.
   *
   * @param reason a stable code, such as {@code SAMSPEL_BROKER_UNREACHABLE}
   */
  public Unavailable(String reason, String message, Throwable cause) {
    super(Status.Code.UNAVAILABLE, message, detail(reason, true, Map.of()), cause);
  }
}
