package dev.samspel.registry;

/** A call that the registry did not answer, or refused. */
final class ConsulException extends Exception {
  private static final long serialVersionUID = 1L;

  ConsulException(String message, Throwable cause) {
    super(message, cause);
  }
}
