package dev.samspel.registry;

import dev.samspel.settings.Settings;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a {@code consul:} target asks for.
 *
 * <p>{@code consul:///orders.v1.OrderService} asks the registry of the environment, {@code
 * consul://10.0.0.7:8500/…} one of its own. A query narrows: {@code tag=canary} wants that tag,
 * {@code dc=…} looks into another datacenter, and every other name, such as {@code version=2},
 * wants that value in the instance's meta.
 */
record ConsulTarget(
    String protoService, URI url, Optional<String> token, String datacenter, List<Wanted> wanted) {

  /** A pair of the query. */
  record Wanted(String name, String value) {
    boolean holdsFor(Instance instance) {
      return name.equals("tag")
          ? instance.tags().contains(value)
          : value.equals(instance.meta().get(name));
    }
  }

  static ConsulTarget parse(URI target, Map<String, String> environment) {
    String service = target.getPath() == null ? "" : target.getPath().replaceFirst("^/", "");
    if (!service.matches("[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*")) {
      throw new IllegalArgumentException(
          "Cannot resolve %s as it must be consul:///<full name of a proto service>"
              .formatted(target));
    }
    Settings settings = new Settings("a-caller", environment);
    URI url =
        target.getAuthority() == null
            ? settings.registryUrl()
            : URI.create("http://" + target.getAuthority());
    List<Wanted> wanted = new ArrayList<>();
    String datacenter = "";
    for (String pair : (target.getRawQuery() == null ? "" : target.getRawQuery()).split("&")) {
      String[] parts = pair.split("=", 2);
      if (parts.length == 2 && parts[0].equals("dc")) {
        datacenter = decode(parts[1]);
      } else if (parts.length == 2) {
        wanted.add(new Wanted(decode(parts[0]), decode(parts[1])));
      } else if (!pair.isEmpty()) {
        throw new IllegalArgumentException(
            "Cannot resolve %s as each part of its query must be name=value: %s"
                .formatted(target, pair));
      }
    }
    return new ConsulTarget(
        service, url, settings.registryToken(), datacenter, List.copyOf(wanted));
  }

  boolean wants(Instance instance) {
    return wanted.stream().allMatch(each -> each.holdsFor(instance));
  }

  InstanceDirectory directory() {
    return InstanceDirectory.shared(url, token, datacenter);
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }
}
