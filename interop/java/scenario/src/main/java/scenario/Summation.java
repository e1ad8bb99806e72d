package scenario;

import io.grpc.stub.StreamObserver;
import samspel.scenario.v1.Scenario.SumRequest;
import samspel.scenario.v1.Scenario.SumResponse;

/** Adds what it is sent. */
final class Summation implements StreamObserver<SumRequest> {
  private final StreamObserver<SumResponse> out;
  private long sum;
  private int count;

  Summation(StreamObserver<SumResponse> out) {
    this.out = out;
  }

  @Override
  public void onNext(SumRequest request) {
    sum += request.getNumber();
    count++;
  }

  @Override
  public void onError(Throwable gone) {
    // The caller has gone; nobody is to be answered.
  }

  @Override
  public void onCompleted() {
    out.onNext(SumResponse.newBuilder().setSum(sum).setCount(count).build());
    out.onCompleted();
  }
}
