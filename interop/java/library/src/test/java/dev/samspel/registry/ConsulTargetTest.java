package dev.samspel.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConsulTargetTest {
  private static final Map<String, String> ENVIRONMENT =
      Map.of("CONSUL_HTTP_ADDR", "http://10.0.0.1:8500", "CONSUL_HTTP_TOKEN", "t");

  @Test
  void parseAsksTheRegistryOfTheEnvironment() {
    ConsulTarget target = parse("consul:///orders.v1.OrderService");
    assertEquals("orders.v1.OrderService", target.protoService());
    assertEquals(URI.create("http://10.0.0.1:8500"), target.url());
    assertEquals("t", target.token().orElseThrow());
    assertEquals("", target.datacenter());
  }

  @Test
  void parseAsksARegistryThatTheTargetNames() {
    assertEquals(
        URI.create("http://10.0.0.7:8500"), parse("consul://10.0.0.7:8500/mail.Mail").url());
  }

  @Test
  void wantsOnlyInstancesOfTheQuery() {
    ConsulTarget target = parse("consul:///mail.Mail?version=2&tag=canary&dc=eu");
    assertEquals("eu", target.datacenter());
    assertTrue(target.wants(instance("2", "canary")));
    assertFalse(target.wants(instance("1", "canary")));
    assertFalse(target.wants(instance("2", "grpc")));
  }

  @Test
  void parseRefusesWhatIsNoProtoService() {
    for (String wrong : new String[] {"consul:///", "consul:///a-b", "consul:///a?version"}) {
      assertThrows(IllegalArgumentException.class, () -> parse(wrong), wrong);
    }
  }

  private static ConsulTarget parse(String target) {
    return ConsulTarget.parse(URI.create(target), ENVIRONMENT);
  }

  private static Instance instance(String version, String tag) {
    return new Instance("id", "mail", "127.0.0.1", 1, Set.of(tag), Map.of("version", version));
  }
}
