package scenario;

import io.grpc.stub.StreamObserver;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A stream of answers that one waits for. */
final class Answers<T> implements StreamObserver<T> {
  private static final long SECONDS = 10;

  private final LinkedBlockingQueue<Optional<T>> arrived = new LinkedBlockingQueue<>();
  private volatile Throwable failure;

  /** The next answer; empty at the end of the stream. */
  Optional<T> next() throws InterruptedException {
    Optional<T> answer = arrived.poll(SECONDS, TimeUnit.SECONDS);
    if (answer == null) {
      throw new IllegalStateException("no answer within " + SECONDS + " s");
    }
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
    return answer;
  }

  @Override
  public void onNext(T answer) {
    arrived.add(Optional.of(answer));
  }

  @Override
  public void onError(Throwable error) {
    failure = error;
    arrived.add(Optional.empty());
  }

  @Override
  public void onCompleted() {
    arrived.add(Optional.empty());
  }
}
