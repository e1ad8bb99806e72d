package dev.samspel.messaging;

import com.google.protobuf.Any;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;

/** The handler rejected a tell, or it was given up: what a call would have thrown. */
public final class TellFailed extends StatusRuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean rejected;

  TellFailed(int code, String message, List<Any> details, boolean rejected) {
    super(Status.fromCodeValue(code).withDescription(message), trailers(code, message, details));
    this.rejected = rejected;
  }

  /** Whether the handler said no; else its attempts were exhausted. */
  public boolean rejected() {
    return rejected;
  }

  private static Metadata trailers(int code, String message, List<Any> details) {
    com.google.rpc.Status status =
        com.google.rpc.Status.newBuilder()
            .setCode(code)
            .setMessage(message)
            .addAllDetails(details)
            .build();
    return StatusProto.toStatusRuntimeException(status).getTrailers();
  }
}
