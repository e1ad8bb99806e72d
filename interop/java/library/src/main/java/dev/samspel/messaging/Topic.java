package dev.samspel.messaging;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import samspel.v1.Options;
import samspel.v1.Options.TopicOptions;

/**
 * A durable topic, as its proto file declares it: a JetStream stream with one subject for each
 * partition.
 *
 * <pre>{@code
 * static final Topic<CartCheckedOut> CHECKED_OUT = Topic.of(CartTopicsGrpc.getCheckedOutMethod());
 * }</pre>
 *
 * @param <T> the message
 */
public final class Topic<T extends Message> {
  private static final int DEFAULT_PARTITIONS = 16;

  private final String name;
  private final int partitions;
  private final T prototype;
  private final FieldDescriptor key;

  private Topic(String name, int partitions, T prototype, FieldDescriptor key) {
    this.name = name;
    this.partitions = partitions;
    this.prototype = prototype;
    this.key = key;
  }

  /**
   * The topic of a generated method.
   *
   * @throws IllegalArgumentException where the proto file does not make it a durable topic
   */
  public static <T extends Message> Topic<T> of(MethodDescriptor<?, T> method) {
    ProtoMethodDescriptorSupplier declared =
        (ProtoMethodDescriptorSupplier) method.getSchemaDescriptor();
    var options = declared.getMethodDescriptor().getOptions();
    String fullName = declared.getMethodDescriptor().getFullName();
    if (!options.hasExtension(Options.topic)) {
      throw new IllegalArgumentException(
          fullName + " must have the option (samspel.v1.topic) to be a topic: it has none");
    }
    TopicOptions topic = options.getExtension(Options.topic);
    if (topic.getLive()) {
      throw new IllegalArgumentException(
          fullName + " must be durable to be used here: it is a live topic");
    }
    T prototype = prototypeOf(method);
    FieldDescriptor key =
        KeyField.of(prototype.getDescriptorForType())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        prototype.getDescriptorForType().getFullName()
                            + " must have a field with the option (samspel.v1.key): it has none"));
    return new Topic<>(
        topic.getName().isEmpty() ? fullName : topic.getName(),
        topic.getPartitions() == 0 ? DEFAULT_PARTITIONS : topic.getPartitions(),
        prototype,
        key);
  }

  /** Its name; the same in every language. */
  public String name() {
    return name;
  }

  /** Over how many instances a group of subscribers spreads at the most. */
  public int partitions() {
    return partitions;
  }

  /** The ordering key of a message. */
  public String keyOf(T message) {
    return (String) message.getField(key);
  }

  String messageType() {
    return prototype.getDescriptorForType().getFullName();
  }

  // What a message's own parser gives is of its own type.
  @SuppressWarnings("unchecked")
  T parse(byte[] bytes) throws InvalidProtocolBufferException {
    return (T) prototype.getParserForType().parseFrom(bytes);
  }

  String stream(String prefix) {
    return prefix + name.replace('.', '_');
  }

  /** The subject of one partition; of all where {@code partition} is {@code *}. */
  String subject(String prefix, Object partition) {
    return "%stopic.%s.%s".formatted(prefix, name, partition);
  }

  // The marshaller's type is the method's.
  @SuppressWarnings("unchecked")
  private static <T extends Message> T prototypeOf(MethodDescriptor<?, T> method) {
    return ((PrototypeMarshaller<T>) method.getResponseMarshaller()).getMessagePrototype();
  }
}
