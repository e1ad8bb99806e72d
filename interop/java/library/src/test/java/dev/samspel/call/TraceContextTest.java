package dev.samspel.call;

import static dev.samspel.Vectors.list;
import static dev.samspel.Vectors.read;
import static dev.samspel.Vectors.texts;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.Context;
import io.grpc.Metadata;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TraceContextTest {
  @Test
  void withinPassesOnWhatIsWellFormed() {
    list(read("trace"), "vectors")
        .forEach(
            (about, vector) -> {
              Map<String, String> incoming = texts(vector.getAsJsonObject("incoming"));
              Context context = TraceContext.within(Context.ROOT, incoming::get);
              Map<String, String> passedOn = passedOn(context);
              assertEquals(texts(vector.getAsJsonObject("passedOn")), passedOn, about);
            });
  }

  @Test
  void passOnLeavesAHeaderThatATracingLibraryHasPut() {
    Metadata headers = new Metadata();
    Metadata.Key<String> key = Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);
    headers.put(key, "theirs");
    String ours = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    TraceContext.within(Context.ROOT, Map.of("traceparent", ours)::get)
        .run(() -> TraceContext.passOn(headers));
    assertEquals("theirs", String.join(", ", headers.getAll(key)));
  }

  private static Map<String, String> passedOn(Context context) {
    Context former = context.attach();
    try {
      return TraceContext.current();
    } finally {
      context.detach(former);
    }
  }
}
