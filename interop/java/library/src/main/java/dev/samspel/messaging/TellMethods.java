package dev.samspel.messaging;

import com.google.protobuf.DescriptorProtos.MethodOptions;
import com.google.protobuf.DescriptorProtos.MethodOptions.IdempotencyLevel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import samspel.v1.Options;

/** Which methods may be told (T5): a tell comes at least once, so its method must bear that. */
final class TellMethods {
  private TellMethods() {}

  static boolean mayBeTold(MethodDescriptor<?, ?> method) {
    MethodOptions options = optionsOf(method);
    return method.getType() == MethodType.UNARY
        && (options.getExtension(Options.deduplicated)
            || options.getIdempotencyLevel() != IdempotencyLevel.IDEMPOTENCY_UNKNOWN);
  }

  static void requireTellable(MethodDescriptor<?, ?> method) {
    if (mayBeTold(method)) {
      return;
    }
    String reason =
        method.getType() == MethodType.UNARY
            ? "as it might be carried out twice: mark it IDEMPOTENT, or (samspel.v1.deduplicated) "
                + "where its handler de-duplicates by command id"
            : "as it streams: a tell is a unary method";
    throw new IllegalArgumentException(
        "Cannot tell %s %s".formatted(method.getFullMethodName(), reason));
  }

  private static MethodOptions optionsOf(MethodDescriptor<?, ?> method) {
    return ((ProtoMethodDescriptorSupplier) method.getSchemaDescriptor())
        .getMethodDescriptor()
        .getOptions();
  }
}
