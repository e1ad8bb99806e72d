package dev.samspel.messaging;

import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a publication or a tell says beside its message.
 *
 * @param id by which receivers know it as the same; default: a random one
 * @param headers one's own; those that begin with {@code ce-}, {@code nats-} or {@code samspel-}
 *     are not sent
 * @param timeout how long it is tried to store it; default 10 s
 */
public record SendOptions(Optional<String> id, Map<String, String> headers, Duration timeout) {
  /** A random id, no headers, 10 s. */
  public static final SendOptions DEFAULT =
      new SendOptions(Optional.empty(), Map.of(), Duration.ofSeconds(10));

  /** The defaults, with an id. */
  public static SendOptions id(String id) {
    return new SendOptions(Optional.of(id), DEFAULT.headers, DEFAULT.timeout);
  }

  /** The same, with a header more. */
  public SendOptions header(String name, String value) {
    Map<String, String> more = new HashMap<>(headers);
    more.put(name, value);
    return new SendOptions(id, Map.copyOf(more), timeout);
  }

  /** The same, with another timeout. */
  public SendOptions timeout(Duration other) {
    return new SendOptions(id, headers, other);
  }

  static boolean isOwn(String header) {
    String name = header.toLowerCase(Locale.ROOT);
    return !name.startsWith("ce-")
        && !name.startsWith("nats-")
        && !name.startsWith("samspel-")
        && !name.equals("content-type");
  }
}
