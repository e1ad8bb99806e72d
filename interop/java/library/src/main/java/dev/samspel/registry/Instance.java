package dev.samspel.registry;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** One running process of a service, as the registry shows it. */
public record Instance(
    String id,
    String service,
    String address,
    int port,
    Set<String> tags,
    Map<String, String> meta) {

  /** Whether it takes only connections with mutual TLS. */
  public boolean isSecure() {
    return "true".equals(meta.get("secure"));
  }

  /** From an entry of {@code /v1/health/service}. */
  static Instance from(JsonObject entry) {
    JsonObject service = entry.getAsJsonObject("Service");
    String address = text(service, "Address");
    Set<String> tags = new HashSet<>();
    if (service.has("Tags") && service.get("Tags").isJsonArray()) {
      service.getAsJsonArray("Tags").forEach(tag -> tags.add(tag.getAsString()));
    }
    Map<String, String> meta = new HashMap<>();
    if (service.has("Meta") && service.get("Meta").isJsonObject()) {
      for (Map.Entry<String, JsonElement> pair : service.getAsJsonObject("Meta").entrySet()) {
        meta.put(pair.getKey(), pair.getValue().getAsString());
      }
    }
    return new Instance(
        text(service, "ID"),
        text(service, "Service"),
        address.isEmpty() ? text(entry.getAsJsonObject("Node"), "Address") : address,
        service.get("Port").getAsInt(),
        Set.copyOf(tags),
        Map.copyOf(meta));
  }

  private static String text(JsonObject object, String name) {
    JsonElement value = object.get(name);
    return value == null || value.isJsonNull() ? "" : value.getAsString();
  }
}
