package scenario;

import com.google.protobuf.ByteString;
import dev.samspel.error.ErrorDetails;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import samspel.scenario.v1.Scenario.FailRequest;
import samspel.scenario.v1.Scenario.MetadataRequest;
import samspel.scenario.v1.Scenario.MetadataResponse;
import samspel.scenario.v1.ScenarioServiceGrpc.ScenarioServiceBlockingStub;
import samspel.v1.Errors.ErrorDetail;

/** Errors, and the metadata of calls. */
final class ErrorScenarios {
  private final ScenarioServiceBlockingStub blocking;

  ErrorScenarios(ScenarioServiceBlockingStub blocking) {
    this.blocking = blocking;
  }

  void addTo(Map<String, Drive.Scenario> scenarios) {
    scenarios.put("error-detail", parameters -> errorDetail());
    scenarios.put("unknown-error", parameters -> unknownError());
    scenarios.put("metadata", parameters -> metadata());
  }

  private void errorDetail() {
    refused(Status.Code.FAILED_PRECONDITION, false);
    refused(Status.Code.UNAVAILABLE, true);
  }

  private void refused(Status.Code code, boolean retryable) {
    FailRequest request =
        FailRequest.newBuilder()
            .setCode(code.value())
            .setMessage("zu spät")
            .setReason("SCENARIO_LATE")
            .setRetryable(retryable)
            .putMetadata("limit", "3")
            .build();
    StatusRuntimeException error = Check.fails(code, () -> blocking.fail(request));
    Check.equal(request.getMessage(), error.getStatus().getDescription(), "the message");
    ErrorDetail detail = ErrorDetails.of(error).orElseThrow();
    Check.equal("SCENARIO_LATE", detail.getCode(), "the reason");
    Check.equal(retryable, detail.getRetryable(), "retryable");
    Check.equal(Map.of("limit", "3"), detail.getMetadataMap(), "the metadata");
  }

  private void unknownError() {
    FailRequest request = FailRequest.newBuilder().setCrash(true).setMessage("secret").build();
    StatusRuntimeException error = Check.fails(Status.Code.INTERNAL, () -> blocking.fail(request));
    Check.equal("internal error", error.getStatus().getDescription(), "the message");
    Check.holds(!String.valueOf(error.getTrailers()).contains("secret"), "the secret is told");
  }

  private void metadata() {
    Metadata.Key<String> text = key("x-scenario-text");
    Metadata.Key<byte[]> bytes = Metadata.Key.of("x-scenario-bin", Metadata.BINARY_BYTE_MARSHALLER);
    byte[] value = {0, 1, (byte) 0xff};
    Metadata sent = new Metadata();
    sent.put(text, "hello");
    sent.put(bytes, value);
    AtomicReference<Metadata> header = new AtomicReference<>();
    AtomicReference<Metadata> trailer = new AtomicReference<>();
    MetadataResponse response =
        blocking
            .withInterceptors(
                MetadataUtils.newAttachHeadersInterceptor(sent),
                MetadataUtils.newCaptureMetadataInterceptor(header, trailer))
            .metadata(
                MetadataRequest.newBuilder().setHeader("to begin").setTrailer("to end").build());
    Check.equal("hello", response.getEntriesOrDefault("x-scenario-text", ""), "the text");
    String came = response.getEntriesOrDefault("x-scenario-bin", "");
    Check.equal(
        ByteString.copyFrom(value), ByteString.copyFrom(Base64.getDecoder().decode(came)), "bytes");
    Check.equal("to begin", header.get().get(key("x-scenario-header")), "the header");
    Check.equal("to end", trailer.get().get(key("x-scenario-trailer")), "the trailer");
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }
}
