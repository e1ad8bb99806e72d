package scenario;

import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The pace of a stream of answers: no faster than the caller reads, and no longer than it stays.
 */
final class Pace {
  private final ServerCallStreamObserver<?> call;
  private final CountDownLatch over = new CountDownLatch(1);

  Pace(StreamObserver<?> out) {
    this.call = (ServerCallStreamObserver<?>) out;
    Context.current().addListener(context -> over.countDown(), Runnable::run);
  }

  /** Waits, unless the call ends before. */
  void rest(long ms) {
    try {
      over.await(ms, TimeUnit.MILLISECONDS);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /** False where the call is over. */
  boolean waitUntilWanted() {
    while (!call.isReady() && over.getCount() > 0) {
      rest(1);
    }
    return over.getCount() > 0 && !Thread.currentThread().isInterrupted();
  }
}
