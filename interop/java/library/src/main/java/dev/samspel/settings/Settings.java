package dev.samspel.settings;

import dev.samspel.error.ConfigurationException;
import dev.samspel.log.Log;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a service is told by its environment; the variables are the same in every language.
 *
 * <p>A setting is checked when it is read, and a bad one is one clear error (A1). Only this class
 * reads the environment.
 */
public final class Settings {
  private static final String LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";

  private final String service;
  private final Map<String, String> environment;

  /**
   * Settings from an environment, such as {@code System.getenv()}.
   *
   * @throws ConfigurationException where the name is no DNS label (R1)
   */
  public Settings(String service, Map<String, String> environment) {
    this.service = service;
    this.environment = environment;
    if (!service.matches(LABEL)) {
      throw refuse("its name", "a DNS label: lower case letters, digits and -", service);
    }
  }

  /** The service's name. */
  public String service() {
    return service;
  }

  /** {@code SAMSPEL_HOST}: the address to listen on, and to register. Default 127.0.0.1. */
  public String host() {
    return read("SAMSPEL_HOST").orElse("127.0.0.1");
  }

  /** {@code SAMSPEL_PORT}: the port to listen on. Default 0: the operating system chooses. */
  public int port() {
    String value = read("SAMSPEL_PORT").orElse("0");
    if (!value.matches("[0-9]{1,5}") || Integer.parseInt(value) > 65535) {
      throw refuse("SAMSPEL_PORT", "a port number from 0 to 65535", value);
    }
    return Integer.parseInt(value);
  }

  /** {@code SAMSPEL_VERSION}: the version that the registry shows. Default: nothing. */
  public String version() {
    return metadata("SAMSPEL_VERSION");
  }

  /** {@code SAMSPEL_ZONE}: where the instance runs. Default: nothing. */
  public String zone() {
    return metadata("SAMSPEL_ZONE");
  }

  /** {@code DATABASE_URL}: the system's Postgres. Required where it is read. */
  public URI databaseUrl() {
    return url("DATABASE_URL", List.of("postgres", "postgresql"));
  }

  /** {@code SAMSPEL_SCHEMA}: the service's schema. Default: its name, with _ for -. */
  public String schema() {
    String value = read("SAMSPEL_SCHEMA").orElse(service.replace('-', '_'));
    if (!value.matches("[a-z_][a-z0-9_]{0,62}")) {
      throw refuse("SAMSPEL_SCHEMA", "a name of lower case letters, digits and _", value);
    }
    return value;
  }

  /** {@code NATS_URL}: a nats-server with JetStream. Required where it is read. */
  public URI natsUrl() {
    return url("NATS_URL", List.of("nats", "tls"));
  }

  /** Whether {@code NATS_URL} is set. */
  public boolean hasNats() {
    return read("NATS_URL").isPresent();
  }

  /** {@code SAMSPEL_TOPIC_PREFIX}: stands before all streams and subjects. Default: nothing. */
  public String topicPrefix() {
    String value = read("SAMSPEL_TOPIC_PREFIX").orElse("");
    if (!value.matches("[A-Za-z0-9-]*")) {
      throw refuse("SAMSPEL_TOPIC_PREFIX", "letters, digits and -", value);
    }
    return value;
  }

  /** {@code CONSUL_HTTP_ADDR}: the registry. Default http://127.0.0.1:8500. */
  public URI registryUrl() {
    return read("CONSUL_HTTP_ADDR").isEmpty()
        ? URI.create("http://127.0.0.1:8500")
        : url("CONSUL_HTTP_ADDR", List.of("http", "https"));
  }

  /** {@code CONSUL_HTTP_TOKEN}: the ACL token, where the registry wants one. */
  public Optional<String> registryToken() {
    return read("CONSUL_HTTP_TOKEN");
  }

  /** {@code LOG_LEVEL}: trace, debug, info, warn, error, fatal or silent. Default info. */
  public String logLevel() {
    String value = read("LOG_LEVEL").orElse("info");
    if (!Log.LEVELS.containsKey(value)) {
      throw refuse("LOG_LEVEL", "one of " + String.join(", ", Log.LEVELS.keySet()), value);
    }
    return value;
  }

  /** Reads what every service needs, so that a bad setting stops the start and nothing later. */
  public void check() {
    logLevel();
    host();
    port();
    version();
    zone();
    registryUrl();
    topicPrefix();
    requireNoIdentity();
  }

  /** {@code SAMSPEL_IDENTITY}: a service that is meant to have one must not run in plaintext. */
  private void requireNoIdentity() {
    String value = read("SAMSPEL_IDENTITY").orElse("none");
    if (!value.equals("none")) {
      throw refuse("SAMSPEL_IDENTITY", "none, as the Java library has no mutual TLS", value);
    }
  }

  private Optional<String> read(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
  }

  private String metadata(String name) {
    String value = read(name).orElse("");
    if (value.length() > 512) { // R2
      throw refuse(name, "at most 512 characters", value.substring(0, 20) + "…");
    }
    return value;
  }

  private URI url(String name, List<String> schemes) {
    String wanted = "a " + schemes.get(0) + ":// URL";
    String value = read(name).orElse(null);
    if (value == null) {
      throw new ConfigurationException(
          "Cannot start %s as %s must be %s: it is not set".formatted(service, name, wanted));
    }
    URI parsed = Urls.parse(value);
    if (parsed == null || !schemes.contains(parsed.getScheme()) || parsed.getPort() == 0) {
      throw refuse(name, wanted, Urls.redact(value));
    }
    return parsed;
  }

  private ConfigurationException refuse(String name, String wanted, String value) {
    return new ConfigurationException(
        "Cannot start %s as %s must be %s: current value is %s"
            .formatted(service, name, wanted, value));
  }
}
