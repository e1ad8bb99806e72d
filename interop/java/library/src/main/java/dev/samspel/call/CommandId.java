package dev.samspel.call;

import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.stub.AbstractStub;
import java.util.Optional;

/**
 * The id under which a command is to have its effect once: a tell's id, or what a caller sent as
 * {@code samspel-command-id}.
 */
public final class CommandId {
  /** The request header. */
  public static final Metadata.Key<String> HEADER =
      Metadata.Key.of("samspel-command-id", Metadata.ASCII_STRING_MARSHALLER);

  static final CallOptions.Key<String> OPTION = CallOptions.Key.create("samspel-command-id");
  static final Context.Key<String> CURRENT = Context.key("samspel-command-id");
  private static final String FORM = "[!-~](?:[ -~]{0,254}[!-~])?";

  private CommandId() {}

  /** Within a handler: the id of the call or tell at hand, where it has one. */
  public static Optional<String> current() {
    return Optional.ofNullable(CURRENT.get());
  }

  /** A stub whose calls carry this id: the same one again is carried out once. */
  public static <S extends AbstractStub<S>> S with(S stub, String id) {
    return stub.withOption(OPTION, check(id));
  }

  /**
   * The id itself.
   *
   * @throws IllegalArgumentException where it is not 1 to 256 printable ASCII characters
   */
  public static String check(String id) {
    if (!id.matches(FORM)) {
      throw new IllegalArgumentException(
          "A command id must be 1 to 256 printable ASCII characters: it is " + id);
    }
    return id;
  }
}
