package dev.samspel;

import com.google.protobuf.Message;
import dev.samspel.call.Clients;
import dev.samspel.database.Database;
import dev.samspel.database.Inbox;
import dev.samspel.error.Unavailable;
import dev.samspel.log.Log;
import dev.samspel.messaging.GroupConsumer;
import dev.samspel.messaging.Messaging;
import dev.samspel.messaging.Publisher;
import dev.samspel.messaging.Teller;
import dev.samspel.messaging.Topic;
import dev.samspel.messaging.TopicHandler;
import dev.samspel.messaging.TopicMessage;
import dev.samspel.settings.Settings;
import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.ServerServiceDefinition;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What a service consists of: handlers, subscriptions, and what they need. {@link #run} makes one,
 * has it assembled, and looks after its life.
 *
 * <pre>{@code
 * public static void main(String[] args) {
 *   System.exit(Service.run("billing", service -> service.serve(new BillingApi())));
 * }
 * }</pre>
 */
public final class Service {
  private static final int ATTEMPTS = 8;
  private static final Log LOG = Log.of(Service.class);

  final List<ServerServiceDefinition> served = new ArrayList<>();
  final List<GroupConsumer<?>> subscriptions = new ArrayList<>();
  final ScheduledExecutorService timers =
      Executors.newScheduledThreadPool(2, Lifecycle.daemons("samspel-timer"));

  private final Settings settings;
  private final Deque<AutoCloseable> resources = new ArrayDeque<>();
  private Messaging messaging;
  private Clients clients;

  Service(Settings settings) {
    this.settings = settings;
  }

  /** Assembles a service. */
  @FunctionalInterface
  public interface Start {
    void start(Service service) throws Exception;
  }

  /** Handles a message in the transaction that notes its id. */
  @FunctionalInterface
  public interface InboxHandler<T extends Message> {
    void handle(TopicMessage<T> message, Connection transaction) throws SQLException;
  }

  /**
   * Runs a service in this process until SIGTERM or SIGINT, and returns the exit code: 0 after a
   * stop, 1 where it cannot start, which is one line of the log (A1, A2).
   *
   * @param name the service's name, a DNS label
   * @param start adds handlers and subscriptions to the Service that it is given
   */
  public static int run(String name, Start start) {
    return Lifecycle.run(name, start);
  }

  /** The environment, checked when it is read. */
  public Settings settings() {
    return settings;
  }

  /**
   * Serves a proto service, and takes its tells where {@code NATS_URL} is set and the proto file
   * lets it be told. Handlers may block: they run in a pool of 128 threads.
   *
   * <p>What they throw beside a {@code Rejection} or another status is logged, and reaches callers
   * as {@code INTERNAL} without a message (C5).
   */
  public void serve(BindableService handlers) {
    serve(handlers.bindService());
  }

  /** Serves a proto service behind interceptors of one's own. */
  public void serve(ServerServiceDefinition handlers) {
    served.add(handlers);
  }

  /**
   * The tells of what is served, if there is a broker (T5): each proto service with a method that
   * may be told has them carried out by the handlers of its calls.
   */
  List<GroupConsumer<?>> tells(Channel within) {
    if (!settings.hasNats()) {
      return List.of();
    }
    List<GroupConsumer<?>> tells = new ArrayList<>();
    for (ServerServiceDefinition each : served) {
      if (Messaging.mayBeTold(each.getServiceDescriptor())) {
        tells.add(messaging().tells(each.getServiceDescriptor(), within));
      }
    }
    return tells;
  }

  /** Consumes a topic as one of a named group, from its beginning, with 8 attempts. */
  public <T extends Message> void subscribe(Topic<T> topic, String group, TopicHandler<T> handler) {
    subscribe(topic, group, ATTEMPTS, handler);
  }

  /**
   * Consumes a topic as one of a named group, from its beginning. A message comes at least once.
   *
   * @param attempts after so many a failing message becomes a dead letter; 8 take 6 to 12 s
   */
  public <T extends Message> void subscribe(
      Topic<T> topic, String group, int attempts, TopicHandler<T> handler) {
    Messaging used = messaging();
    subscriptions.add(used.subscription(topic, group, attempts, handler));
  }

  /**
   * Consumes a topic with an inbox: what the handler does in its transaction counts once for each
   * message id, however often the message comes. With 8 attempts.
   */
  public <T extends Message> void subscribeOnce(
      Topic<T> topic, String group, Database database, InboxHandler<T> handler) {
    subscribeOnce(topic, group, ATTEMPTS, database, handler);
  }

  /** Consumes a topic with an inbox, with so many attempts. */
  public <T extends Message> void subscribeOnce(
      Topic<T> topic, String group, int attempts, Database database, InboxHandler<T> handler) {
    String subscription = group + "/" + topic.name();
    subscribe(
        topic,
        group,
        attempts,
        message ->
            database.transaction(
                transaction -> {
                  if (Inbox.note(transaction, subscription, message.id())) {
                    handler.handle(message, transaction);
                  }
                  return null;
                }));
  }

  /** Publishes to topics. */
  public Publisher publisher() {
    return messaging().publisher();
  }

  /** Tells methods of other services. */
  public Teller teller() {
    return messaging().teller();
  }

  /** Calls other services, which it finds in the registry. */
  public Clients clients() {
    if (clients == null) {
      clients = closeAtEnd(new Clients());
    }
    return clients;
  }

  /**
   * The service's schema in Postgres, with an inbox.
   *
   * @param ddl statements that may run at every start, such as {@code create table if not exists …}
   */
  public Database database(String... ddl) {
    String[] all = Stream.concat(Stream.of(Inbox.DDL), Arrays.stream(ddl)).toArray(String[]::new);
    Database database = closeAtEnd(Database.open(settings, all));
    timers.scheduleWithFixedDelay(() -> forgetNotes(database), 1, 60, TimeUnit.MINUTES);
    return database;
  }

  /** Has something closed after the last of the handlers, in reverse order. */
  public <R extends AutoCloseable> R closeAtEnd(R resource) {
    resources.push(resource);
    return resource;
  }

  void close() {
    while (!resources.isEmpty()) {
      try {
        resources.pop().close();
      } catch (Exception error) { // the others are to be closed as well
        LOG.warn(error, "not closed well");
      }
    }
    timers.shutdownNow();
  }

  private Messaging messaging() {
    if (messaging == null) {
      messaging = closeAtEnd(new Messaging(settings, timers));
      try {
        messaging.connect();
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
      }
    }
    return messaging;
  }

  private static void forgetNotes(Database database) {
    try {
      int forgotten = database.transaction(Inbox::forget);
      LOG.debug("old notes of the inbox deleted", "count", forgotten);
    } catch (Unavailable away) {
      LOG.debug("old notes of the inbox stay for now", "reason", away.getMessage());
    }
  }
}
