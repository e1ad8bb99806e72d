package dev.samspel.registry;

import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/**
 * Teaches gRPC the targets {@code consul:///…}. It is found by itself where this library is on the
 * path, so any channel can use it:
 *
 * <pre>{@code
 * ManagedChannelBuilder.forTarget("consul:///orders.v1.OrderService").usePlaintext().build()
 * }</pre>
 */
public final class ConsulNameResolverProvider extends NameResolverProvider {
  /** The {@code methodConfig} and {@code retryThrottling} that a channel's calls get. */
  public static final NameResolver.Args.Key<Map<String, ?>> METHODS =
      NameResolver.Args.Key.create("samspel-methods");

  @Override
  public NameResolver newNameResolver(URI target, NameResolver.Args args) {
    if (!getDefaultScheme().equals(target.getScheme())) {
      return null;
    }
    Map<String, ?> methods = args.getArg(METHODS);
    return new ConsulNameResolver(
        ConsulTarget.parse(target, System.getenv()),
        args.getServiceConfigParser(),
        methods == null ? Map.of() : methods);
  }

  @Override
  public String getDefaultScheme() {
    return "consul";
  }

  @Override
  public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
    return Set.of(InetSocketAddress.class);
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  @Override
  protected int priority() {
    return 5; // gRPC's own middle: no other resolver has this scheme
  }
}
