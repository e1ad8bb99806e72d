package dev.samspel.call;

import com.google.protobuf.DescriptorProtos.MethodOptions.IdempotencyLevel;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which calls may be sent again, as gRPC's service config says it (C2, gRPC A6).
 *
 * <p>Methods that the proto file calls {@code IDEMPOTENT} or {@code NO_SIDE_EFFECTS} are, after
 * {@code UNAVAILABLE}: three attempts at the most, the second after about 0.1 s, the third after
 * about 0.2 s more. What provably never ran gRPC sends again by itself. The throttle is gRPC's:
 * while more than one call in five fails, there are no retries.
 */
final class MethodPolicies {
  private MethodPolicies() {}

  static Map<String, ?> of(ServiceDescriptor service) {
    List<Map<String, ?>> names = new ArrayList<>();
    for (MethodDescriptor<?, ?> method : service.getMethods()) {
      if (isRepeatable(method)) {
        names.add(Map.of("service", service.getName(), "method", method.getBareMethodName()));
      }
    }
    if (names.isEmpty()) {
      return Map.of();
    }
    Map<String, Object> retry = new LinkedHashMap<>();
    retry.put("maxAttempts", 3.0);
    retry.put("initialBackoff", "0.1s");
    retry.put("maxBackoff", "1s");
    retry.put("backoffMultiplier", 2.0);
    retry.put("retryableStatusCodes", List.of("UNAVAILABLE"));
    return Map.of(
        "methodConfig", List.of(Map.of("name", names, "retryPolicy", retry)),
        "retryThrottling", Map.of("maxTokens", 100.0, "tokenRatio", 0.2));
  }

  private static boolean isRepeatable(MethodDescriptor<?, ?> method) {
    if (method.getSchemaDescriptor() instanceof ProtoMethodDescriptorSupplier declared) {
      IdempotencyLevel level = declared.getMethodDescriptor().getOptions().getIdempotencyLevel();
      return level != IdempotencyLevel.IDEMPOTENCY_UNKNOWN;
    }
    return false;
  }
}
