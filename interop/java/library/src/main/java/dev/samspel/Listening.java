package dev.samspel;

import dev.samspel.error.ConfigurationException;
import dev.samspel.settings.Settings;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;

/** Where a service listens, and where others reach it. */
final class Listening {
  private Listening() {}

  static InetSocketAddress address(Settings settings) {
    return new InetSocketAddress(settings.host(), settings.port());
  }

  /** Refuses a taken port before anything else is done. */
  static void checkFree(Settings settings) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(address(settings));
    } catch (IOException error) {
      String reason = String.valueOf(error.getMessage()).replaceFirst(" \\(Bind failed\\)$", "");
      throw new ConfigurationException(
          ("Cannot start %s as SAMSPEL_HOST %s, SAMSPEL_PORT %d cannot be listened on: %s; "
                  + "set another port, or end who has it")
              .formatted(settings.service(), settings.host(), settings.port(), reason),
          error);
    }
  }

  /** Where callers reach it: of all interfaces, the one that faces the registry. */
  static String advertised(Settings settings) {
    String host = settings.host();
    if (!host.equals("0.0.0.0") && !host.equals("::")) {
      return host.equals("localhost") ? "127.0.0.1" : host;
    }
    URI registry = settings.registryUrl();
    int port = registry.getPort() < 0 ? 80 : registry.getPort();
    try (DatagramSocket probe = new DatagramSocket()) {
      // Sends nothing: it only picks a route.
      probe.connect(new InetSocketAddress(InetAddress.getByName(registry.getHost()), port));
      return probe.getLocalAddress().getHostAddress();
    } catch (IOException error) {
      throw new ConfigurationException(
          "Cannot start %s as SAMSPEL_HOST %s needs a route to the registry: set an address"
              .formatted(settings.service(), host),
          error);
    }
  }
}
