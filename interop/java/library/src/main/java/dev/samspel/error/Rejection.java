package dev.samspel.error;

import com.google.protobuf.Any;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Map;
import samspel.v1.Errors.ErrorDetail;

/**
 * A refusal that the caller can act on: it gets the code, the message and the detail (C5).
 *
 * <p>It is a {@link StatusRuntimeException}, so a handler may throw it, or hand it to {@code
 * onError}. Whatever else a handler throws is a fault of ours: callers get {@code INTERNAL} without
 * a message, the log has the rest.
 */
public class Rejection extends StatusRuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient ErrorDetail detail;

  /** Refuses with the reason {@code SAMSPEL_REJECTED}; the code is never OK. */
  public Rejection(Status.Code code, String message) {
    this(code, message, Map.of());
  }

  /**
   * Refuses with the reason {@code SAMSPEL_REJECTED}, and facts for programs.
   *
   * @param metadata travels to the caller, so put no secret here
   */
  public Rejection(Status.Code code, String message, Map<String, String> metadata) {
    this(code, message, detail("SAMSPEL_REJECTED", false, metadata));
  }

  /** Refuses with a detail of one's own making. */
  public Rejection(Status.Code code, String message, ErrorDetail detail) {
    this(code, message, detail, null);
  }

  /** Refuses because of another failure, which is logged and does not travel. */
  public Rejection(Status.Code code, String message, ErrorDetail detail, Throwable cause) {
    super(status(code, message).withCause(cause), trailers(code, message, detail));
    this.detail = detail;
  }

  /** A detail; {@code reason} is a stable code, such as {@code SHOP_CLOSED}. */
  public static ErrorDetail detail(String reason, boolean retryable, Map<String, String> metadata) {
    return ErrorDetail.newBuilder()
        .setCode(reason)
        .setRetryable(retryable)
        .putAllMetadata(metadata)
        .build();
  }

  /** What the caller reads beside code and message. */
  public ErrorDetail detail() {
    return detail;
  }

  private static Status status(Status.Code code, String message) {
    if (code == Status.Code.OK) {
      throw new IllegalArgumentException("Cannot reject with OK: it means success");
    }
    return code.toStatus().withDescription(message);
  }

  private static Metadata trailers(Status.Code code, String message, ErrorDetail detail) {
    com.google.rpc.Status status =
        com.google.rpc.Status.newBuilder()
            .setCode(code.value())
            .setMessage(message)
            .addDetails(Any.pack(detail))
            .build();
    return StatusProto.toStatusRuntimeException(status).getTrailers();
  }
}
