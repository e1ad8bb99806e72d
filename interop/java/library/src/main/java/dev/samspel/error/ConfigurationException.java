package dev.samspel.error;

/**
 * The service cannot start; the message names the setting, its value and the fix (A1).
 *
 * <p>{@code Service.run} writes it as one line and ends with code 1.
 */
public final class ConfigurationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says what must be changed; no secret may be in it. */
  public ConfigurationException(String message) {
    super(message);
  }

  /** Says what must be changed, and what went wrong below. */
  public ConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
