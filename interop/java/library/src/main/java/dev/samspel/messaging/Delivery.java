package dev.samspel.messaging;

import io.nats.client.Message;
import java.util.Map;

/**
 * A message as the broker delivered it.
 *
 * @param headers by their names in lower case, decoded
 */
record Delivery(
    Message raw, Map<String, String> headers, String stream, long sequence, long attempt) {

  static Delivery of(Message raw) {
    var place = raw.metaData();
    return new Delivery(
        raw,
        HeaderValues.read(raw.getHeaders()),
        place.getStream(),
        place.streamSequence(),
        place.deliveredCount());
  }

  /** What the message is known by. */
  String id() {
    String messageId = headers.getOrDefault("nats-msg-id", stream + "/" + sequence);
    return headers.getOrDefault("ce-id", messageId);
  }

  Object[] about(String topic) {
    return new Object[] {
      "topic", topic, "stream", stream, "sequence", sequence, "attempt", attempt
    };
  }
}
