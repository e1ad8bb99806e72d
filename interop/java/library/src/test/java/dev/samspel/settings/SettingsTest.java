package dev.samspel.settings;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.samspel.error.ConfigurationException;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class SettingsTest {
  @Test
  void defaultsAreThoseOfEveryLanguage() {
    Settings settings = new Settings("order-book", Map.of("SAMSPEL_SCHEMA", ""));
    assertDoesNotThrow(settings::check);
    assertEquals("127.0.0.1", settings.host());
    assertEquals(0, settings.port());
    assertEquals("order_book", settings.schema());
    assertEquals("http://127.0.0.1:8500", settings.registryUrl().toString());
    assertEquals("", settings.version());
  }

  @Test
  void aBadSettingIsOneErrorWithNameValueAndFix() {
    refuses("SAMSPEL_PORT", "70000", Settings::port, "a port number from 0 to 65535");
    refuses("SAMSPEL_SCHEMA", "Orders", Settings::schema, "a name of lower case letters");
    refuses("SAMSPEL_TOPIC_PREFIX", "a.b", Settings::topicPrefix, "letters, digits and -");
    refuses("LOG_LEVEL", "loud", Settings::logLevel, "one of trace, debug, info");
    refuses("SAMSPEL_IDENTITY", "consul", Settings::check, "none, as the Java library has no");
  }

  @Test
  void aBadUrlIsRefusedWithoutItsSecrets() {
    String message =
        refusal(Map.of("DATABASE_URL", "mysql://me:secret@db/orders"), Settings::databaseUrl);
    assertEquals(
        "Cannot start orders as DATABASE_URL must be a postgres:// URL: "
            + "current value is mysql://me@db/orders",
        message);
    assertEquals(
        "Cannot start orders as NATS_URL must be a nats:// URL: it is not set",
        refusal(Map.of(), Settings::natsUrl));
    assertEquals(
        "Cannot start orders as NATS_URL must be a nats:// URL: current value is <invalid URL>",
        refusal(Map.of("NATS_URL", "127.0.0.1"), Settings::natsUrl));
  }

  private static void refuses(String name, String value, Consumer<Settings> read, String wanted) {
    String message = refusal(Map.of(name, value), read);
    String head = "Cannot start orders as %s must be %s".formatted(name, wanted);
    assertEquals(head, message.substring(0, head.length()));
    assertEquals("current value is " + value, message.substring(message.indexOf("current")));
  }

  private static String refusal(Map<String, String> environment, Consumer<Settings> read) {
    Settings settings = new Settings("orders", environment);
    return assertThrows(ConfigurationException.class, () -> read.accept(settings)).getMessage();
  }
}
