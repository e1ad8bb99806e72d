package dev.samspel.error;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Optional;
import samspel.v1.Errors.ErrorDetail;

/** Reads what a failed call says beside its code. */
public final class ErrorDetails {
  private ErrorDetails() {}

  /** The detail of a failed call; empty where it has none. */
  public static Optional<ErrorDetail> of(Throwable failure) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    return status == null ? Optional.empty() : in(status.getDetailsList());
  }

  /** The first detail among those of a status. */
  public static Optional<ErrorDetail> in(List<Any> details) {
    for (Any packed : details) {
      if (packed.is(ErrorDetail.class)) {
        try {
          return Optional.of(packed.unpack(ErrorDetail.class));
        } catch (InvalidProtocolBufferException malformed) {
          return Optional.empty(); // a peer's mistake must not hide its error
        }
      }
    }
    return Optional.empty();
  }
}
