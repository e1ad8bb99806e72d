package dev.samspel.call;

import dev.samspel.registry.ConsulNameResolverProvider;
import dev.samspel.registry.InstanceDirectory;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.AbstractStub;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Clients of other services, found in the registry: one channel for each, for the life of this
 * object.
 *
 * <p>A service has one as {@code service.clients()}. It also works by itself, with the registry of
 * {@code CONSUL_HTTP_ADDR}.
 *
 * <pre>{@code
 * var carts = clients.client(CartServiceGrpc.getServiceDescriptor(), CartServiceGrpc::newBlockingStub);
 * }</pre>
 */
public final class Clients implements AutoCloseable {
  private static final long CLOSE_SECONDS = 5;

  private final Map<String, Shared> channels = new ConcurrentHashMap<>();

  private record Shared(ManagedChannel managed, Channel edged) {}

  /** A stub that finds its service by the proto name. */
  public <S extends AbstractStub<S>> S client(
      ServiceDescriptor service, Function<? super Channel, S> stub) {
    return client(service, "", stub);
  }

  /**
   * A stub that finds only some instances.
   *
   * @param query of the target, such as {@code version=2&tag=canary}
   */
  public <S extends AbstractStub<S>> S client(
      ServiceDescriptor service, String query, Function<? super Channel, S> stub) {
    String target = "consul:///" + service.getName() + (query.isEmpty() ? "" : "?" + query);
    return stub.apply(channels.computeIfAbsent(target, name -> open(name, service)).edged());
  }

  /** Ends the calls that are under way after 5 s, and all connections. */
  @Override
  public void close() {
    channels.values().forEach(channel -> channel.managed().shutdown());
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_SECONDS);
    for (Shared channel : channels.values()) {
      try {
        channel.managed().awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException hurried) {
        Thread.currentThread().interrupt();
      }
      channel.managed().shutdownNow();
    }
    channels.clear();
  }

  private static Shared open(String target, ServiceDescriptor service) {
    ManagedChannel managed =
        ManagedChannelBuilder.forTarget(target)
            .usePlaintext()
            .setNameResolverArg(ConsulNameResolverProvider.METHODS, MethodPolicies.of(service))
            .build();
    ClientEdge edge = new ClientEdge(service.getName(), InstanceDirectory.ofTarget(target));
    return new Shared(managed, ClientInterceptors.intercept(managed, edge));
  }
}
