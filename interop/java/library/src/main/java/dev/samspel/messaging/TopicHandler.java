package dev.samspel.messaging;

import com.google.protobuf.Message;

/**
 * Handles a message of a topic. It may take as long as it needs, and throw anything: then the
 * message comes again.
 */
@FunctionalInterface
public interface TopicHandler<T extends Message> {
  void handle(TopicMessage<T> message) throws Exception;
}
