package dev.samspel;

import dev.samspel.call.ServerEdge;
import dev.samspel.error.ConfigurationException;
import dev.samspel.log.JsonLog;
import dev.samspel.log.Log;
import dev.samspel.messaging.GroupConsumer;
import dev.samspel.registry.Consul;
import dev.samspel.registry.DescriptorSet;
import dev.samspel.registry.Registration;
import dev.samspel.settings.Settings;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoFileDescriptorSupplier;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The life of a service: from its settings to SIGTERM.
 *
 * <ol>
 *   <li>Start never half-succeeds: whatever is missing is one clear error, and exit code 1 (A1).
 *   <li>The registry learns of an instance only when it can answer, and forgets it before it stops
 *       to (A2).
 *   <li>SIGTERM or SIGINT: not serving, deregistered, subscriptions settled, calls in flight
 *       finished within 30 s, exit code 0. A second signal ends at once.
 * </ol>
 */
final class Lifecycle {
  private static final Duration DRAIN = Duration.ofSeconds(30);
  private static final long STREAMS_SECONDS = 5; // a stream without a deadline may have no end
  private static final int MAX_METADATA_BYTES = 64 * 1024;
  private static final int HANDLER_THREADS = 128;
  private static final Log LOG = Log.of(Lifecycle.class);

  private final Settings settings;
  private final Service service;
  private final ServerEdge edge;
  private final CountDownLatch stop;
  private final HealthStatusManager health = new HealthStatusManager();
  private final List<GroupConsumer<?>> consumers = new ArrayList<>();
  private final ExecutorService handlers = handlerThreads();

  private Lifecycle(Settings settings, CountDownLatch stop) {
    this.settings = settings;
    this.service = new Service(settings);
    this.edge = new ServerEdge(service.timers);
    this.stop = stop;
  }

  static int run(String name, Service.Start start) {
    JsonLog.configure(name, "info", System.out);
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, error) -> LOG.error(error, "thread ended", "thread", thread.getName()));
    CountDownLatch stop = new CountDownLatch(1);
    try {
      Settings settings = new Settings(name, System.getenv());
      settings.check();
      JsonLog.configure(name, settings.logLevel(), System.out);
      Signals.listen(stop::countDown);
      new Lifecycle(settings, stop).live(start);
      return 0;
    } catch (ConfigurationException error) {
      LOG.fatal(error.getMessage());
    } catch (Exception error) { // of the service's own start
      LOG.error(error, "Cannot start " + name);
    }
    return 1;
  }

  static ThreadFactory daemons(String name) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  private void live(Service.Start start) throws Exception {
    Listening.checkFree(settings);
    List<Server> servers = new ArrayList<>();
    ManagedChannel within = null;
    try {
      start.start(service);
      String place = "samspel-" + UUID.randomUUID();
      servers.add(open(InProcessServerBuilder.forName(place).executor(handlers)));
      within = InProcessChannelBuilder.forName(place).directExecutor().build();
      servers.add(open(network()));
      consumers.addAll(service.subscriptions);
      consumers.addAll(service.tells(within));
      for (GroupConsumer<?> consumer : consumers) {
        consumer.start();
      }
      serveUntilStopped(servers.get(1).getPort());
      drain(servers);
    } finally {
      consumers.forEach(GroupConsumer::stop);
      servers.forEach(Server::shutdownNow);
      if (within != null) {
        within.shutdownNow();
      }
      service.close();
      handlers.shutdownNow();
    }
    LOG.info("stopped");
  }

  private void serveUntilStopped(int port) throws InterruptedException {
    Registration.Self self = self(port);
    self.protoServices().forEach(name -> health.setStatus(name, ServingStatus.SERVING));
    Registration registration =
        new Registration(new Consul(settings.registryUrl(), settings.registryToken()), self);
    registration.start();
    LOG.info("ready", "host", self.address(), "port", port);
    stop.await();
    LOG.info("stopping");
    registration.stop();
    health.enterTerminalState();
  }

  private Registration.Self self(int port) {
    return new Registration.Self(
        settings.service(),
        Listening.advertised(settings),
        port,
        service.served.stream().map(each -> each.getServiceDescriptor().getName()).toList(),
        settings.version(),
        settings.zone(),
        new DescriptorSet(
            service.served.stream()
                .map(each -> each.getServiceDescriptor().getSchemaDescriptor())
                .map(schema -> ((ProtoFileDescriptorSupplier) schema).getFileDescriptor())
                .toList()));
  }

  /** Calls and messages in hand may finish; nothing new begins. */
  private void drain(List<Server> servers) throws InterruptedException {
    long end = System.nanoTime() + DRAIN.toNanos();
    consumers.forEach(GroupConsumer::stop);
    servers.get(1).shutdown();
    service.timers.schedule(edge::drain, STREAMS_SECONDS, TimeUnit.SECONDS);
    for (GroupConsumer<?> consumer : consumers) {
      consumer.join(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
    }
    servers.get(0).shutdown();
    for (Server server : servers) {
      server.awaitTermination(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
    }
  }

  private NettyServerBuilder network() {
    return NettyServerBuilder.forAddress(Listening.address(settings))
        .directExecutor()
        .callExecutor(new OwnHandlers())
        .maxInboundMetadataSize(MAX_METADATA_BYTES)
        .permitKeepAliveTime(10, TimeUnit.SECONDS) // clients of other languages ping that often
        .permitKeepAliveWithoutCalls(true)
        .addService(health.getHealthService())
        .addService(ProtoReflectionServiceV1.newInstance())
        .addService(reflectionV1Alpha());
  }

  private Server open(ServerBuilder<?> builder) {
    for (ServerServiceDefinition definition : service.served) {
      builder.addService(definition);
    }
    try {
      return builder.intercept(edge).build().start();
    } catch (IOException error) {
      throw new ConfigurationException(
          "Cannot start %s as it cannot listen: %s"
              .formatted(settings.service(), error.getMessage()),
          error);
    }
  }

  // Tools of today still ask for it.
  @SuppressWarnings("deprecation")
  private static BindableService reflectionV1Alpha() {
    return io.grpc.protobuf.services.ProtoReflectionService.newInstance();
  }

  /** Our own parts do not block: health answers though all of the service's threads are taken. */
  private final class OwnHandlers implements ServerCallExecutorSupplier {
    @Override
    public <Q, R> Executor getExecutor(ServerCall<Q, R> call, Metadata headers) {
      String called = call.getMethodDescriptor().getServiceName();
      boolean own =
          service.served.stream()
              .anyMatch(each -> each.getServiceDescriptor().getName().equals(called));
      return own ? handlers : null;
    }
  }

  /** Threads for handlers that block. They are made as needed, up to a bound; then calls wait. */
  private static ExecutorService handlerThreads() {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            HANDLER_THREADS,
            HANDLER_THREADS,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            daemons("samspel-handler"));
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }
}
