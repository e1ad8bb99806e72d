package dev.samspel.registry;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.StatusOr;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Resolves {@code consul:///orders.v1.OrderService} for a channel, for as long as the channel
 * lives.
 *
 * <p>It never takes away what it once told because the registry is silent; see {@link
 * InstanceDirectory}. Instances that want mutual TLS are left out: this library has none.
 */
final class ConsulNameResolver extends NameResolver {
  private final ConsulTarget target;
  private final ServiceConfigParser parser;
  private final Map<String, ?> methods;
  private InstanceDirectory.Watch watch;

  ConsulNameResolver(ConsulTarget target, ServiceConfigParser parser, Map<String, ?> methods) {
    this.target = target;
    this.parser = parser;
    this.methods = methods;
  }

  @Override
  public String getServiceAuthority() {
    return target.protoService();
  }

  @Override
  public void start(Listener2 listener) {
    watch =
        target.directory().watch(target.protoService(), found -> listener.onResult(result(found)));
  }

  @Override
  public void shutdown() {
    if (watch != null) {
      watch.close();
    }
  }

  private ResolutionResult result(List<Instance> found) {
    List<Instance> wanted = found.stream().filter(target::wants).toList();
    List<Instance> usable = wanted.stream().filter(instance -> !instance.isSecure()).toList();
    if (usable.isEmpty() && !wanted.isEmpty()) {
      return ResolutionResult.newBuilder()
          .setAddressesOrError(StatusOr.fromStatus(refusal(wanted.get(0))))
          .build();
    }
    List<EquivalentAddressGroup> addresses =
        usable.stream()
            .map(
                each ->
                    new EquivalentAddressGroup(new InetSocketAddress(each.address(), each.port())))
            .toList();
    Map<String, Object> config = new LinkedHashMap<>(methods);
    config.put("loadBalancingConfig", List.of(Map.of(WaitingRoundRobinProvider.POLICY, Map.of())));
    return ResolutionResult.newBuilder()
        .setAddressesOrError(StatusOr.fromValue(addresses))
        .setServiceConfig(parser.parseServiceConfig(config))
        .build();
  }

  private static Status refusal(Instance instance) {
    return Status.UNAVAILABLE.withDescription(
        "instance %s takes only mutual TLS, which the Java library has not: run it with SAMSPEL_IDENTITY=none"
            .formatted(instance.id()));
  }
}
