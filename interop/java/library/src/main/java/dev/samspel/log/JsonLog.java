package dev.samspel.log;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UnsupportedEncodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;

/**
 * Writes what the process logs as one JSON object a line, with {@code level}, {@code time}, {@code
 * service} and {@code msg}.
 */
public final class JsonLog extends Formatter {
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();
  // Held here, as the log manager itself would let them be collected, with their levels.
  private static final List<Logger> LIBRARIES =
      List.of(
          Logger.getLogger("io.grpc"),
          Logger.getLogger("io.nats"),
          Logger.getLogger("com.zaxxer"),
          Logger.getLogger("org.postgresql"));

  private final String service;

  JsonLog(String service) {
    this.service = service;
  }

  /** Sends what the process logs to {@code out}. Libraries are heard from {@code warn} on. */
  public static void configure(String service, String level, OutputStream out) {
    Level threshold = Log.LEVELS.get(level);
    LogManager.getLogManager().reset();
    Logger root = Logger.getLogger("");
    root.setLevel(threshold);
    root.addHandler(handler(new JsonLog(service), out));
    for (Logger library : LIBRARIES) {
      boolean louder = threshold.intValue() < Level.WARNING.intValue();
      library.setLevel(louder ? Level.WARNING : threshold);
    }
  }

  private static Handler handler(Formatter formatter, OutputStream out) {
    StreamHandler handler =
        new StreamHandler(out, formatter) {
          @Override
          public synchronized void publish(LogRecord record) {
            super.publish(record);
            flush(); // a line that waits in a buffer is lost when the process is killed
          }

          @Override
          public synchronized void close() {
            flush(); // standard output is not ours to close
          }
        };
    handler.setLevel(Level.ALL);
    try {
      handler.setEncoding(StandardCharsets.UTF_8.name());
    } catch (UnsupportedEncodingException impossible) {
      throw new IllegalStateException(impossible);
    }
    return handler;
  }

  @Override
  public String format(LogRecord record) {
    JsonObject line = new JsonObject();
    Instant time = record.getInstant().truncatedTo(ChronoUnit.MILLIS);
    line.addProperty("level", name(record.getLevel()));
    line.addProperty("time", time.toString());
    line.addProperty("service", service);
    Object[] parameters = record.getParameters();
    if (parameters != null && parameters.length == 1 && parameters[0] instanceof Log.Fields own) {
      line.addProperty("msg", record.getMessage());
      own.values().forEach((name, value) -> add(line, name, value));
    } else {
      line.addProperty("msg", formatMessage(record));
    }
    if (record.getThrown() != null) {
      line.add("err", describe(record.getThrown()));
    }
    return GSON.toJson(line) + "\n";
  }

  private static void add(JsonObject line, String name, Object value) {
    if (value instanceof Number number) {
      line.addProperty(name, number);
    } else if (value instanceof Boolean flag) {
      line.addProperty(name, flag);
    } else {
      line.addProperty(name, String.valueOf(value));
    }
  }

  private static JsonObject describe(Throwable error) {
    StringWriter stack = new StringWriter();
    error.printStackTrace(new PrintWriter(stack));
    JsonObject described = new JsonObject();
    described.addProperty("type", error.getClass().getName());
    described.addProperty("message", String.valueOf(error.getMessage()));
    described.addProperty("stack", stack.toString());
    return described;
  }

  private static String name(Level level) {
    String name = "trace";
    for (Map.Entry<String, Level> known : Log.LEVELS.entrySet()) {
      if (known.getValue() != Level.OFF && known.getValue().intValue() <= level.intValue()) {
        name = known.getKey();
      }
    }
    return name;
  }
}
