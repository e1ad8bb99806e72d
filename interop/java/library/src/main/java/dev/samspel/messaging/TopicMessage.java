package dev.samspel.messaging;

import com.google.protobuf.Message;
import java.util.Map;

/**
 * What happened, with what travels beside it (T3).
 *
 * @param id the same for every delivery of the same message, also when it is published twice: what
 *     an inbox remembers
 * @param key the ordering key: messages of one key are handled in order
 * @param headers all of them by their names in lower case, decoded: CloudEvents attributes and the
 *     publisher's own
 * @param delivery which attempt this is: 1, 2, 3 …
 */
public record TopicMessage<T extends Message>(
    String id,
    String key,
    T body,
    Map<String, String> headers,
    long delivery,
    String stream,
    long sequence) {}
