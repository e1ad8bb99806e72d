package scenario;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/** What a scenario expects, as a test would say it. */
final class Check {
  private Check() {}

  static void equal(Object expected, Object came, String what) {
    if (!Objects.equals(expected, came)) {
      throw new IllegalStateException("%s: expected %s, came %s".formatted(what, expected, came));
    }
  }

  static void holds(boolean condition, String what) {
    if (!condition) {
      throw new IllegalStateException(what);
    }
  }

  static void soon(BooleanSupplier condition, Duration patience, String what)
      throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(what + ": not within " + patience);
      }
      Thread.sleep(20);
    }
  }

  /** The error of a call that must fail with a code. */
  static StatusRuntimeException fails(Status.Code code, Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException error) {
      equal(code, error.getStatus().getCode(), "the code of " + error.getMessage());
      return error;
    }
    throw new IllegalStateException("expected " + code + ", came an answer");
  }
}
