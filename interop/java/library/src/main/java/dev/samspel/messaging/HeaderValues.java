package dev.samspel.messaging;

import io.nats.client.impl.Headers;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Header values as they travel: printable ASCII, everything else percent-encoded, so that no value
 * can break out of its header.
 *
 * <p>As CloudEvents' HTTP protocol binding 1.0.2 has it (section 3.1.3.2).
 */
final class HeaderValues {
  private HeaderValues() {}

  /** A header's value as it travels. */
  static String encode(String value) {
    StringBuilder encoded = new StringBuilder(value.length());
    for (byte each : value.getBytes(StandardCharsets.UTF_8)) {
      boolean plain = each > ' ' && each < 0x7f && each != '"' && each != '%';
      if (plain) {
        encoded.append((char) each);
      } else {
        encoded.append("%%%02X".formatted(each & 0xff));
      }
    }
    return encoded.toString();
  }

  /** What a header says; a value that is not encoded well stays as it is. */
  static String decode(String value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(value.length());
    int at = 0;
    while (at < value.length()) {
      int high = at + 2 < value.length() ? Character.digit(value.charAt(at + 1), 16) : -1;
      int low = at + 2 < value.length() ? Character.digit(value.charAt(at + 2), 16) : -1;
      if (value.charAt(at) == '%' && high >= 0 && low >= 0) {
        bytes.write(high << 4 | low);
        at += 3;
      } else {
        bytes.writeBytes(value.substring(at, at + 1).getBytes(StandardCharsets.UTF_8));
        at += 1;
      }
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException malformed) {
      return value;
    }
  }

  /** All headers by their names in lower case, decoded. */
  static Map<String, String> read(Headers received) {
    Map<String, String> read = new TreeMap<>();
    if (received != null) {
      received.forEach((name, values) -> read.put(name.toLowerCase(), decode(values.get(0))));
    }
    return Collections.unmodifiableMap(read);
  }
}
