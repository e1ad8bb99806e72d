package dev.samspel.call;

import static dev.samspel.Vectors.list;
import static dev.samspel.Vectors.read;
import static dev.samspel.Vectors.text;
import static dev.samspel.Vectors.texts;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.protobuf.util.Durations;
import dev.samspel.error.ErrorDetails;
import dev.samspel.error.Rejection;
import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import samspel.v1.Errors.ErrorDetail;

/** The edge of a service, by calls of a method of four letters: Check of gRPC's own health. */
@Timeout(30)
class EdgeTest {
  private final ScheduledExecutorService timers = Executors.newScheduledThreadPool(1);
  private ServerEdge edge = new ServerEdge(timers);
  private Server server;
  private ManagedChannel channel;

  @AfterEach
  void close() {
    channel.shutdownNow();
    server.shutdownNow();
    timers.shutdownNow();
  }

  @Test
  void aRejectionReachesTheCallerWithItsDetail() throws Exception {
    for (var vector : list(read("errors"), "vectors").entrySet()) {
      JsonObject error = vector.getValue().getAsJsonObject("error");
      ErrorDetail.Builder expected =
          Rejection.detail(
              text(error, "reason"),
              error.get("retryable").getAsBoolean(),
              texts(error.getAsJsonObject("metadata")))
              .toBuilder();
      if (error.has("retryAfterMs")) {
        expected.setRetryAfter(Durations.fromMillis(error.get("retryAfterMs").getAsLong()));
      }
      Status.Code code = Status.fromCodeValue(error.get("code").getAsInt()).getCode();
      Rejection rejection = new Rejection(code, text(error, "message"), expected.build());
      for (boolean thrown : new boolean[] {true, false}) {
        StatusRuntimeException came = failure(rejection, thrown);
        assertEquals(code, came.getStatus().getCode(), vector.getKey());
        assertEquals(text(error, "message"), came.getStatus().getDescription(), vector.getKey());
        assertEquals(expected.build(), ErrorDetails.of(came).orElseThrow(), vector.getKey());
      }
    }
  }

  @Test
  void whatElseAHandlerFailsWithIsInternalWithoutAWordOfIt() throws Exception {
    for (boolean thrown : new boolean[] {true, false}) {
      StatusRuntimeException came = failure(new IllegalStateException("secret"), thrown);
      assertEquals(Status.Code.INTERNAL, came.getStatus().getCode());
      assertEquals("internal error", came.getStatus().getDescription());
      assertFalse(String.valueOf(came.getTrailers()).contains("secret"));
    }
  }

  @Test
  void aCallWithoutADeadlineGivesTenSecondsToTheCallsWithinIt() throws Exception {
    long[] leftMs = {0};
    serve(
        out -> {
          leftMs[0] = Context.current().getDeadline().timeRemaining(TimeUnit.MILLISECONDS);
          answer(out);
        });
    check();
    assertTrue(leftMs[0] > 5_000 && leftMs[0] <= 10_000, "left are " + leftMs[0]);
  }

  @Test
  void aHandlerThatDoesNotLookIsEndedAtTheDeadline() throws Exception {
    edge = new ServerEdge(timers, Duration.ofMillis(200));
    serve(out -> {}); // it never answers
    StatusRuntimeException late = assertThrows(StatusRuntimeException.class, this::check);
    assertEquals(Status.Code.DEADLINE_EXCEEDED, late.getStatus().getCode());
  }

  @Test
  void drainEndsAStreamThatHasNoEnd() throws Exception {
    serve(out -> {});
    var answers =
        HealthGrpc.newBlockingStub(channel).watch(HealthCheckRequest.getDefaultInstance());
    answers.next();
    edge.drain();
    StatusRuntimeException end = assertThrows(StatusRuntimeException.class, answers::next);
    assertEquals(Status.Code.UNAVAILABLE, end.getStatus().getCode());
    assertEquals("SAMSPEL_DRAINING", ErrorDetails.of(end).orElseThrow().getCode());
  }

  @Test
  void currentCommandIdIsTheOneOfTheHeader() throws Exception {
    String[] seen = {""};
    serve(
        out -> {
          seen[0] = CommandId.current().orElse("none");
          answer(out);
        });
    Metadata headers = new Metadata();
    headers.put(CommandId.HEADER, "order 7");
    HealthGrpc.newBlockingStub(channel)
        .withInterceptors(io.grpc.stub.MetadataUtils.newAttachHeadersInterceptor(headers))
        .check(HealthCheckRequest.getDefaultInstance());
    assertEquals("order 7", seen[0]);
    check();
    assertEquals("none", seen[0]);
  }

  private StatusRuntimeException failure(RuntimeException error, boolean thrown) throws Exception {
    serve(
        out -> {
          if (thrown) {
            throw error;
          }
          out.onError(error);
        });
    return assertThrows(StatusRuntimeException.class, this::check);
  }

  private void check() {
    HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance());
  }

  private static void answer(StreamObserver<HealthCheckResponse> out) {
    out.onNext(HealthCheckResponse.getDefaultInstance());
    out.onCompleted();
  }

  private void serve(Consumer<StreamObserver<HealthCheckResponse>> handler) throws Exception {
    if (server != null) {
      channel.shutdownNow();
      server.shutdownNow();
    }
    BindableService service =
        new HealthGrpc.HealthImplBase() {
          @Override
          public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> out) {
            handler.accept(out);
          }

          @Override
          public void watch(HealthCheckRequest request, StreamObserver<HealthCheckResponse> out) {
            out.onNext(HealthCheckResponse.getDefaultInstance());
          }
        };
    String name = InProcessServerBuilder.generateName();
    server =
        InProcessServerBuilder.forName(name).addService(service).intercept(edge).build().start();
    channel = InProcessChannelBuilder.forName(name).build();
  }
}
