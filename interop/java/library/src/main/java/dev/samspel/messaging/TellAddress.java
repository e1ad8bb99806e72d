package dev.samspel.messaging;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * Where tells and their replies lie in JetStream, without the topic prefix: the same in every
 * language (docs/concepts/tells.md). interop/vectors/tells.json holds all of them to it.
 */
public final class TellAddress {
  /** How many partitions the tells of a proto service have; fixed for ever. */
  static final int PARTITIONS = 16;

  /** The consumer group that handles tells. */
  static final String GROUP = "handler";

  private static final int TOKEN_CHARACTERS = 32;

  private TellAddress() {}

  static String stream(String service) {
    return "tell_" + service.replace('.', '_');
  }

  static String subject(String service, Object partition) {
    return "tell.%s.%s".formatted(service, partition);
  }

  static String subjectOf(String service, String key) {
    return subject(service, Partitions.partitionOf(key, PARTITIONS));
  }

  /** What JetStream, and an inbox, know a tell by. */
  public static String messageId(String method, String key, String id) {
    String escaped = HeaderValues.encode(key).replace("/", "%2F");
    return "%s/%s/%s".formatted(method, escaped, HeaderValues.encode(id));
  }

  /** What stands for a tell in subjects: an id counts for one method and one key. */
  static String token(String service, String method, String key, String id) {
    String named = String.join("\n", service, method, key, id);
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(named.getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().encodeToString(digest).substring(0, TOKEN_CHARACTERS);
    } catch (NoSuchAlgorithmException impossible) { // every Java has it
      throw new IllegalStateException(impossible);
    }
  }

  static String replySubject(String service, String token) {
    return "reply.%s.%s".formatted(service, token);
  }
}
