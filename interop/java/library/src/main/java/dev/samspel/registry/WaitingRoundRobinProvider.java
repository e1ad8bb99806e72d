package dev.samspel.registry;

import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.LoadBalancerRegistry;
import io.grpc.NameResolver.ConfigOrError;
import java.util.Map;

/** Makes {@link WaitingRoundRobin} known to gRPC under its name. */
public final class WaitingRoundRobinProvider extends LoadBalancerProvider {
  static final String POLICY = "samspel_round_robin";

  @Override
  public LoadBalancer newLoadBalancer(LoadBalancer.Helper helper) {
    LoadBalancerProvider roundRobin =
        LoadBalancerRegistry.getDefaultRegistry().getProvider("round_robin");
    return new WaitingRoundRobin(helper, roundRobin);
  }

  @Override
  public ConfigOrError parseLoadBalancingPolicyConfig(Map<String, ?> config) {
    return ConfigOrError.fromConfig("no options");
  }

  @Override
  public String getPolicyName() {
    return POLICY;
  }

  @Override
  public boolean isAvailable() {
    return true;
  }

  @Override
  public int getPriority() {
    return 5;
  }
}
