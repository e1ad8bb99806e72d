package dev.samspel.log;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Structured logs: what is said, and fields beside it.
 *
 * <p>It is a thin dress of {@code java.util.logging}, where gRPC and NATS log as well; plain calls
 * of that, or of SLF4J, reach the same lines.
 *
 * <pre>{@code log.info("order booked", "cart", cartId)}</pre>
 */
public final class Log {
  /** {@code LOG_LEVEL} by name, from the most talkative to silence. */
  public static final Map<String, Level> LEVELS = levels();

  private final Logger logger;

  private Log(Logger logger) {
    this.logger = logger;
  }

  /** The log of a class. */
  public static Log of(Class<?> owner) {
    return new Log(Logger.getLogger(owner.getName()));
  }

  /** Says what helps to find a fault. {@code fields}: name, value, name, value … */
  public void debug(String message, Object... fields) {
    write(Level.FINE, message, null, fields);
  }

  /** Says what happened. */
  public void info(String message, Object... fields) {
    write(Level.INFO, message, null, fields);
  }

  /** Says what should be looked at, though the service goes on. */
  public void warn(String message, Object... fields) {
    write(Level.WARNING, message, null, fields);
  }

  /** Says what should be looked at, and what was thrown. */
  public void warn(Throwable error, String message, Object... fields) {
    write(Level.WARNING, message, error, fields);
  }

  /** Says what went wrong. */
  public void error(Throwable error, String message, Object... fields) {
    write(Level.SEVERE, message, error, fields);
  }

  /** Says why the service ends. */
  public void fatal(String message, Object... fields) {
    write(Fatal.LEVEL, message, null, fields);
  }

  private void write(Level level, String message, Throwable error, Object... fields) {
    if (!logger.isLoggable(level)) {
      return;
    }
    Map<String, Object> named = new LinkedHashMap<>();
    for (int i = 0; i + 1 < fields.length; i += 2) {
      named.put(String.valueOf(fields[i]), fields[i + 1]);
    }
    LogRecord record = new LogRecord(level, message);
    record.setLoggerName(logger.getName());
    record.setThrown(error);
    record.setParameters(new Object[] {new Fields(named)});
    logger.log(record);
  }

  private static Map<String, Level> levels() {
    Map<String, Level> levels = new LinkedHashMap<>();
    levels.put("trace", Level.FINEST);
    levels.put("debug", Level.FINE);
    levels.put("info", Level.INFO);
    levels.put("warn", Level.WARNING);
    levels.put("error", Level.SEVERE);
    levels.put("fatal", Fatal.LEVEL);
    levels.put("silent", Level.OFF);
    return Collections.unmodifiableMap(levels);
  }

  /** The fields of a record, as they travel through {@code java.util.logging}. */
  record Fields(Map<String, Object> values) {}

  private static final class Fatal extends Level {
    private static final long serialVersionUID = 1L;
    static final Level LEVEL = new Fatal();

    private Fatal() {
      super("FATAL", SEVERE.intValue() + 100);
    }
  }
}
