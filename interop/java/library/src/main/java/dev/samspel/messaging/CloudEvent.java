package dev.samspel.messaging;

import dev.samspel.call.TraceContext;
import io.nats.client.impl.Headers;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/**
 * What a message says of itself, as CloudEvents 1.0 has it (T3).
 *
 * @param service who sends it
 * @param type the full name of the message
 */
record CloudEvent(String service, String type, String id, String key, Instant time) {

  /** The headers that travel: the trace at hand, the sender's own, and these attributes. */
  Headers headers(Map<String, String> own) {
    Headers headers = new Headers();
    TraceContext.current().forEach((name, value) -> headers.put(name, HeaderValues.encode(value)));
    own.forEach(
        (name, value) -> {
          if (SendOptions.isOwn(name)) {
            headers.put(name, HeaderValues.encode(value));
          }
        });
    headers.put("ce-specversion", "1.0");
    headers.put("ce-id", HeaderValues.encode(id));
    headers.put("ce-source", "/samspel/" + HeaderValues.encode(service));
    headers.put("ce-type", type);
    headers.put("ce-time", time.truncatedTo(ChronoUnit.MILLIS).toString());
    headers.put("ce-partitionkey", HeaderValues.encode(key));
    headers.put("content-type", "application/protobuf");
    return headers;
  }
}
