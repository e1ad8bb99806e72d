package dev.samspel.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.health.v1.HealthGrpc.HealthFutureStub;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.net.InetSocketAddress;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A plain channel of gRPC, with nothing of ours but the target. */
@Timeout(30)
class ConsulChannelTest {
  @Test
  void aCallWaitsForTheFirstInstanceUntilItsDeadline() throws Exception {
    try (FakeConsul consul = new FakeConsul()) {
      ManagedChannel channel = channel(consul);
      Server server = server();
      try {
        HealthFutureStub health = HealthGrpc.newFutureStub(channel);
        StatusRuntimeException late =
            assertThrows(
                StatusRuntimeException.class,
                () ->
                    HealthGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(300, TimeUnit.MILLISECONDS)
                        .check(HealthCheckRequest.getDefaultInstance()));
        assertEquals(Status.Code.DEADLINE_EXCEEDED, late.getStatus().getCode());
        Future<?> waiting =
            health
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .check(HealthCheckRequest.getDefaultInstance());
        consul.serve(false, server.getPort());
        assertTrue(waiting.get().toString().contains(ServingStatus.SERVING.name()));
      } finally {
        channel.shutdownNow();
        server.shutdownNow();
      }
    }
  }

  @Test
  void anInstanceThatWantsMutualTlsIsRefusedWithTheFix() throws Exception {
    try (FakeConsul consul = new FakeConsul()) {
      consul.serve(true, 1);
      ManagedChannel channel = channel(consul);
      try {
        StatusRuntimeException error =
            assertThrows(
                StatusRuntimeException.class,
                () ->
                    HealthGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(20, TimeUnit.SECONDS)
                        .check(HealthCheckRequest.getDefaultInstance()));
        assertEquals(Status.Code.UNAVAILABLE, error.getStatus().getCode());
        assertTrue(error.getMessage().contains("SAMSPEL_IDENTITY=none"), error.getMessage());
      } finally {
        channel.shutdownNow();
      }
    }
  }

  private static ManagedChannel channel(FakeConsul consul) {
    String registry = consul.url().getAuthority();
    return ManagedChannelBuilder.forTarget("consul://" + registry + "/orders.v1.OrderService")
        .usePlaintext()
        .build();
  }

  private static Server server() throws Exception {
    return NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
        .addService(new HealthStatusManager().getHealthService())
        .build()
        .start();
  }
}
