package dev.samspel.registry;

import static dev.samspel.Vectors.list;
import static dev.samspel.Vectors.read;
import static dev.samspel.Vectors.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.samspel.error.ConfigurationException;
import dev.samspel.settings.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import samspel.v1.Options;

class RegistrationTest {
  private static final DescriptorSet DESCRIPTORS =
      new DescriptorSet(List.of(Options.getDescriptor()));

  @Test
  void registrationIsThatOfTheContract() {
    int compared = 0;
    for (var vector : list(read("registration"), "vectors").entrySet()) {
      JsonObject instance = vector.getValue().getAsJsonObject("instance");
      boolean ours =
          !instance.get("secure").getAsBoolean()
              && instance.getAsJsonObject("check").get("type").getAsString().equals("grpc")
              && instance.getAsJsonArray("protocols").size() == 1;
      if (!ours) {
        continue; // what this library does not do: identity, TTL checks, other protocols
      }
      JsonObject expected = vector.getValue().getAsJsonObject("body").deepCopy();
      JsonObject meta = expected.getAsJsonObject("Meta");
      meta.addProperty("lang", "java");
      meta.addProperty("descriptor_sha256", DESCRIPTORS.sha256());
      assertEquals(expected, bodyOf(instance), vector.getKey());
      compared++;
    }
    assertTrue(compared >= 3, "vectors were compared: " + compared);
  }

  @Test
  void aNameThatIsNoDnsLabelIsRefused() {
    int refused = 0;
    for (var vector : list(read("registration"), "refused").entrySet()) {
      if (text(vector.getValue(), "field").equals("name")) {
        String name = text(vector.getValue().getAsJsonObject("instance"), "name");
        assertThrows(
            ConfigurationException.class, () -> new Settings(name, Map.of()), vector.getKey());
        refused++;
      }
    }
    assertTrue(refused > 0);
  }

  private static JsonElement bodyOf(JsonObject instance) {
    List<String> services = new ArrayList<>();
    instance.getAsJsonArray("protoServices").forEach(each -> services.add(each.getAsString()));
    Registration.Self self =
        new Registration.Self(
            text(instance, "name"),
            text(instance, "address"),
            instance.get("port").getAsInt(),
            services,
            text(instance, "version"),
            text(instance, "zone"),
            DESCRIPTORS);
    return new Gson().toJsonTree(self.registration());
  }
}
