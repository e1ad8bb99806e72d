package dev.samspel.registry;

import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer;
import io.grpc.Status;

/**
 * gRPC's round robin, but for one thing: where there is no instance, calls wait for the first one
 * until their deadline. gRPC's own would fail them at once.
 */
final class WaitingRoundRobin extends LoadBalancer {
  private final Helper helper;
  private final Factory roundRobin;
  private LoadBalancer balancer; // null while there is no instance

  WaitingRoundRobin(Helper helper, Factory roundRobin) {
    this.helper = helper;
    this.roundRobin = roundRobin;
  }

  @Override
  public Status acceptResolvedAddresses(ResolvedAddresses resolved) {
    if (resolved.getAddresses().isEmpty()) {
      shutdown();
      pickAlways(ConnectivityState.CONNECTING, PickResult.withNoResult());
      return Status.OK;
    }
    if (balancer == null) {
      balancer = roundRobin.newLoadBalancer(helper);
    }
    return balancer.acceptResolvedAddresses(
        resolved.toBuilder().setLoadBalancingPolicyConfig(null).build());
  }

  @Override
  public void handleNameResolutionError(Status error) {
    if (balancer != null) {
      balancer.handleNameResolutionError(error);
    } else {
      pickAlways(ConnectivityState.TRANSIENT_FAILURE, PickResult.withError(error));
    }
  }

  @Override
  public void requestConnection() {
    if (balancer != null) {
      balancer.requestConnection();
    }
  }

  @Override
  public void shutdown() {
    if (balancer != null) {
      balancer.shutdown();
      balancer = null;
    }
  }

  private void pickAlways(ConnectivityState connectivity, PickResult result) {
    helper.updateBalancingState(connectivity, new FixedResultPicker(result));
  }
}
