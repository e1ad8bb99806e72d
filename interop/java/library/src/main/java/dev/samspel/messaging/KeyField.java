package dev.samspel.messaging;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.MessageOrBuilder;
import java.util.Optional;
import samspel.v1.Options;

/** The field of a message that says to whom it belongs: {@code (samspel.v1.key)}. */
public final class KeyField {
  private KeyField() {}

  static Optional<FieldDescriptor> of(Descriptor message) {
    return message.getFields().stream()
        .filter(field -> field.getOptions().getExtension(Options.key))
        .findFirst();
  }

  /** The key of a message; empty where it has none. */
  public static Optional<String> in(MessageOrBuilder message) {
    return of(message.getDescriptorForType())
        .map(field -> (String) message.getField(field))
        .filter(key -> !key.isEmpty());
  }
}
