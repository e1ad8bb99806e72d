package dev.samspel.call;

import io.grpc.Context;
import io.grpc.Metadata;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * The trace that the work at hand belongs to, as it came (W3C Trace Context, A3).
 *
 * <p>It stands in gRPC's {@link Context}, so it follows work into executors that are wrapped with
 * {@code Context.currentContextExecutor}. Calls, tells and publications made within it pass it on.
 * What is malformed is dropped. Where a header is there already, as OpenTelemetry's instrumentation
 * puts it, it stays.
 */
public final class TraceContext {
  private static final Pattern FORM =
      Pattern.compile(
          "(00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})|"
              + "((?!00|ff)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?)");
  private static final Pattern NOTHING = Pattern.compile("^..-(0{32}|.{32}-0{16}-)");
  private static final Context.Key<Map<String, String>> KEY =
      Context.keyWithDefault("samspel-trace", Map.of());

  private TraceContext() {}

  /** The headers to pass on; empty outside of a trace. */
  public static Map<String, String> current() {
    return KEY.get();
  }

  /** Those of a context. */
  static Map<String, String> of(Context context) {
    return KEY.get(context);
  }

  /** A context with the trace of these headers. {@code read} gives the value of a name, or null. */
  public static Context within(Context context, UnaryOperator<String> read) {
    Map<String, String> found = new TreeMap<>();
    String parent = read.apply("traceparent");
    if (parent != null && isWellFormed(parent)) {
      found.put("traceparent", parent);
      add(found, "tracestate", read);
    }
    add(found, "baggage", read);
    return context.withValue(KEY, Map.copyOf(found));
  }

  private static void add(Map<String, String> found, String name, UnaryOperator<String> read) {
    String value = read.apply(name);
    if (value != null && !value.isEmpty()) {
      found.put(name, value);
    }
  }

  /** W3C Trace Context 3.2: later versions may say more behind, and ids are never all zeros. */
  private static boolean isWellFormed(String parent) {
    return FORM.matcher(parent).matches() && !NOTHING.matcher(parent).find();
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
