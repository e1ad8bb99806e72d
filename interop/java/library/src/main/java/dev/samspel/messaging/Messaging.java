package dev.samspel.messaging;

import com.google.protobuf.Message;
import dev.samspel.settings.Settings;
import io.grpc.Channel;
import io.grpc.ServiceDescriptor;
import java.util.concurrent.ScheduledExecutorService;

/** Topics and tells on one connection to NATS. */
public final class Messaging implements AutoCloseable {
  private final Broker broker;
  private final OrderedSender sender;
  private final Publisher publisher;
  private final Teller teller;
  private final ScheduledExecutorService timers;

  /** Checks the settings; {@code timers} run small things now and then. */
  public Messaging(Settings settings, ScheduledExecutorService timers) {
    this.broker = new Broker(settings);
    this.sender = new OrderedSender(broker);
    this.publisher = new Publisher(broker, sender);
    this.teller = new Teller(broker, sender);
    this.timers = timers;
  }

  /**
   * Connects, so that a broker that is not there stops the start.
   *
   * @throws dev.samspel.error.ConfigurationException where no server answers
   */
  public void connect() throws InterruptedException {
    broker.connection();
  }

  /** Publishes to topics. */
  public Publisher publisher() {
    return publisher;
  }

  /** Tells methods of other services. */
  public Teller teller() {
    return teller;
  }

  /** A group's share of a topic, in this instance; not started. */
  public <T extends Message> GroupConsumer<?> subscription(
      Topic<T> topic, String group, int attempts, TopicHandler<T> handler) {
    return new GroupConsumer<>(
        broker, new TopicFeed<>(broker, topic, group, attempts, handler), timers);
  }

  /** Whether a proto service has a method that may be told. */
  public static boolean mayBeTold(ServiceDescriptor service) {
    return service.getMethods().stream().anyMatch(TellMethods::mayBeTold);
  }

  /** The tells of a proto service, in this instance; not started. */
  public GroupConsumer<?> tells(ServiceDescriptor service, Channel within) {
    return new GroupConsumer<>(broker, new TellFeed(broker, service, within), timers);
  }

  @Override
  public void close() {
    sender.close();
    broker.close();
  }
}
