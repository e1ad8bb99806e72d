package dev.samspel.settings;

import java.net.URI;
import java.net.URISyntaxException;

/** URLs of settings. A secret has no place in a log or an error. */
public final class Urls {
  private Urls() {}

  /** A URL without its password and query; what is no URL becomes {@code <invalid URL>}. */
  public static String redact(String url) {
    URI parsed = parse(url);
    if (parsed == null) {
      return "<invalid URL>";
    }
    String user = parsed.getRawUserInfo();
    String shown = user == null ? "" : user.replaceFirst(":.*", "") + "@";
    String port = parsed.getPort() < 0 ? "" : ":" + parsed.getPort();
    String path = "/".equals(parsed.getRawPath()) ? "" : parsed.getRawPath();
    return parsed.getScheme() + "://" + shown + parsed.getHost() + port + path;
  }

  /** The URL, or null where it is none with a scheme and a host. */
  static URI parse(String url) {
    try {
      URI parsed = new URI(url);
      return parsed.getScheme() == null || parsed.getHost() == null ? null : parsed;
    } catch (URISyntaxException malformed) {
      return null;
    }
  }
}
