package dev.samspel.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class JsonLogTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Log log = Log.of(JsonLogTest.class);

  @Test
  void aLineHasLevelTimeServiceMessageAndFields() {
    JsonLog.configure("orders", "info", out);
    log.info("order {0} booked: grün", "cart", "c-1", "count", 2, "first", true);
    JsonObject line = line();
    assertEquals("info", line.get("level").getAsString());
    assertEquals("orders", line.get("service").getAsString());
    assertEquals("order {0} booked: grün", line.get("msg").getAsString());
    assertEquals("c-1", line.get("cart").getAsString());
    assertEquals(2, line.get("count").getAsInt());
    assertTrue(line.get("first").getAsBoolean());
    assertTrue(line.get("time").getAsString().matches("\\d{4}-.*T.*Z"));
  }

  @Test
  void anExceptionStandsInErr() {
    JsonLog.configure("orders", "info", out);
    log.error(new IllegalStateException("broken"), "call failed");
    JsonObject error = line().getAsJsonObject("err");
    assertEquals("broken", error.get("message").getAsString());
    assertTrue(error.get("stack").getAsString().contains("JsonLogTest"));
  }

  @Test
  void plainCallsOfJavaUtilLoggingAreLinesAsWell() {
    JsonLog.configure("orders", "warn", out);
    Logger.getLogger("their.own").warning("watch out");
    assertEquals("watch out", line().get("msg").getAsString());
  }

  @Test
  void configureASecondTimeDoesNotCloseStandardOutput() {
    boolean[] closed = {false};
    ByteArrayOutputStream watched =
        new ByteArrayOutputStream() {
          @Override
          public void close() {
            closed[0] = true;
          }
        };
    JsonLog.configure("orders", "info", watched);
    JsonLog.configure("orders", "info", watched);
    assertFalse(closed[0]);
  }

  @Test
  void whatIsBelowTheLevelIsNotWritten() {
    JsonLog.configure("orders", "silent", out);
    log.fatal("nobody hears");
    JsonLog.configure("orders", "warn", out);
    log.info("nobody hears");
    assertEquals(0, out.size());
  }

  private JsonObject line() {
    String text = out.toString(StandardCharsets.UTF_8);
    assertEquals(1, text.lines().count(), text);
    return JsonParser.parseString(text).getAsJsonObject();
  }
}
