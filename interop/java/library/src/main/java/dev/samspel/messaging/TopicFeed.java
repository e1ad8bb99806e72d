package dev.samspel.messaging;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.samspel.call.TraceContext;
import dev.samspel.settings.Backoff;
import io.grpc.Context;
import java.io.IOException;

/** A topic, as a group consumes it. */
final class TopicFeed<T extends Message> implements Feed<TopicMessage<T>> {
  private final Broker broker;
  private final Topic<T> topic;
  private final String group;
  private final int attempts;
  private final TopicHandler<T> handler;

  TopicFeed(Broker broker, Topic<T> topic, String group, int attempts, TopicHandler<T> handler) {
    this.broker = broker;
    this.topic = topic;
    this.group = group;
    this.attempts = attempts;
    this.handler = handler;
  }

  @Override
  public String name() {
    return topic.name();
  }

  @Override
  public String group() {
    return group;
  }

  @Override
  public int partitions() {
    return topic.partitions();
  }

  @Override
  public int attempts() {
    return attempts;
  }

  @Override
  public long longestPauseMs() {
    return Backoff.LONGEST_MS;
  }

  @Override
  public String ensureStream() throws IOException, InterruptedException {
    return Streams.ensureTopic(broker, topic);
  }

  @Override
  public String subject(int partition) {
    return topic.subject(broker.prefix(), partition);
  }

  @Override
  public TopicMessage<T> read(Delivery delivery) throws InvalidProtocolBufferException {
    T body = topic.parse(delivery.raw().getData());
    return new TopicMessage<>(
        delivery.id(),
        topic.keyOf(body),
        body,
        delivery.headers(),
        delivery.attempt(),
        delivery.stream(),
        delivery.sequence());
  }

  @Override
  public void handle(TopicMessage<T> message) throws Exception {
    Context context = TraceContext.within(Context.ROOT, message.headers()::get);
    context.call(
        () -> {
          handler.handle(message);
          return null;
        });
  }

  @Override
  public boolean isFinal(Throwable error) {
    return false;
  }

  @Override
  public void givenUp(Delivery delivery, Throwable error) {
    // A topic's publisher waits for nothing.
  }
}
