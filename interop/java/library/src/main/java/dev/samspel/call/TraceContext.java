package dev.samspel.call;

import io.grpc.Context;
import io.grpc.Metadata;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * The trace that the work at hand belongs to, as it came (W3C Trace Context, A3).
 *
 * <p>It stands in gRPC's {@link Context}, so it follows work into executors that are wrapped with
 * {@code Context.currentContextExecutor}. Calls, tells and publications made within it pass it on.
 * Where a header is there already, as OpenTelemetry's instrumentation puts it, it stays.
 */
public final class TraceContext {
  private static final String[] NAMES = {"traceparent", "tracestate", "baggage"};
  private static final Context.Key<Map<String, String>> KEY =
      Context.keyWithDefault("samspel-trace", Map.of());

  private TraceContext() {}

  /** The headers to pass on; empty outside of a trace. */
  public static Map<String, String> current() {
    return KEY.get();
  }

  /** A context with the trace of these headers. {@code read} gives the value of a name, or null. */
  public static Context within(Context context, UnaryOperator<String> read) {
    Map<String, String> found = new TreeMap<>();
    for (String name : NAMES) {
      String value = read.apply(name);
      if (value != null && !value.isEmpty()) {
        found.put(name, value);
      }
    }
    return context.withValue(KEY, Map.copyOf(found));
  }

  static Context within(Context context, Metadata headers) {
    return within(context, name -> headers.get(key(name)));
  }

  static void passOn(Metadata headers) {
    current()
        .forEach(
            (name, value) -> {
              if (!headers.containsKey(key(name))) {
                headers.put(key(name), value);
              }
            });
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }
}
