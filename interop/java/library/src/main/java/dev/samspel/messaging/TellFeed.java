package dev.samspel.messaging;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.samspel.call.CommandId;
import dev.samspel.error.ErrorDetails;
import dev.samspel.error.Unavailable;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import samspel.v1.Errors.ErrorDetail;
import samspel.v1.Tell.TellFailure;
import samspel.v1.Tell.TellReply;

/**
 * The tells of a proto service that this one serves (T5). They are carried out as calls within the
 * process, so they reach the same handlers, through the same interceptors.
 *
 * <ol>
 *   <li>The reply is kept before the tell counts as handled. Where that fails, the tell comes
 *       again.
 *   <li>A tell comes at least once; its id is the command id. What must happen once in effect, the
 *       handler notes by that, in the transaction of its effect.
 *   <li>What a handler rejects ends there, with the rejection as its reply, and as a dead letter;
 *       what else it throws is tried again; {@link Unavailable} is no fault of the tell, and no
 *       attempt of it.
 * </ol>
 */
final class TellFeed implements Feed<Told> {
  private static final int ATTEMPTS = 16;
  private static final long DEADLINE_SECONDS = 30;
  private static final long LONGEST_PAUSE_MS = 60_000;
  private static final Duration REPLY_TIMEOUT = Duration.ofSeconds(5);
  private static final int ROOM_FOR_HEADERS = 4096;
  // Another attempt would not change the word of a handler that says one of these.
  private static final Set<Status.Code> FINAL =
      EnumSet.of(
          Status.Code.INVALID_ARGUMENT,
          Status.Code.NOT_FOUND,
          Status.Code.ALREADY_EXISTS,
          Status.Code.PERMISSION_DENIED,
          Status.Code.UNAUTHENTICATED,
          Status.Code.FAILED_PRECONDITION,
          Status.Code.OUT_OF_RANGE,
          Status.Code.UNIMPLEMENTED);

  private final Broker broker;
  private final ServiceDescriptor service;
  private final Channel within;

  /** {@code within} calls the handlers of this process. */
  TellFeed(Broker broker, ServiceDescriptor service, Channel within) {
    this.broker = broker;
    this.service = service;
    this.within = within;
  }

  @Override
  public String name() {
    return "tell." + service.getName();
  }

  @Override
  public String group() {
    return TellAddress.GROUP;
  }

  @Override
  public int partitions() {
    return TellAddress.PARTITIONS;
  }

  @Override
  public int attempts() {
    return ATTEMPTS;
  }

  @Override
  public long longestPauseMs() {
    return LONGEST_PAUSE_MS;
  }

  @Override
  public String ensureStream() throws IOException, InterruptedException {
    Streams.ensureReplies(broker);
    return Streams.ensureTells(broker, service.getName());
  }

  @Override
  public String subject(int partition) {
    return broker.prefix() + TellAddress.subject(service.getName(), partition);
  }

  @Override
  public Told read(Delivery delivery) throws InvalidProtocolBufferException {
    String name = delivery.headers().getOrDefault("samspel-method", "");
    String id = delivery.headers().getOrDefault("ce-id", "");
    if (name.isEmpty() || id.isEmpty()) {
      throw new InvalidProtocolBufferException(
          "A message of %s lacks ce-id or samspel-method: it is no tell"
              .formatted(service.getName()));
    }
    String key = delivery.headers().getOrDefault("ce-partitionkey", id);
    MethodDescriptor<Message, Message> method = methodOf(name);
    Message request = method == null ? null : parse(method, delivery.raw().getData());
    return new Told(delivery, id, key, name, method, request);
  }

  @Override
  public void handle(Told told) throws InterruptedException {
    if (told.method() == null) { // a later version's may be on its way to this instance
      throw new IllegalStateException(
          "%s has no method %s in this version: deploy one that has"
              .formatted(service.getName(), told.methodName()));
    }
    TellMethods.requireTellable(told.method());
    Message response;
    try {
      response = call(told);
    } catch (StatusRuntimeException error) {
      throw isAway(error)
          ? new Unavailable(
              ErrorDetails.of(error).orElseThrow().getCode(),
              String.valueOf(error.getStatus().getDescription()),
              error)
          : error;
    }
    TellReply.Builder reply = TellReply.newBuilder().setId(told.id()).setMethod(told.methodName());
    long room = broker.connection().getServerInfo().getMaxPayload() - ROOM_FOR_HEADERS;
    if (response.getSerializedSize() > room) {
      reply.setTooLarge(response.getSerializedSize());
    } else {
      reply.setResponse(response.toByteString());
    }
    try {
      keep(told.key(), reply.build());
    } catch (IOException away) {
      throw new Unavailable("SAMSPEL_BROKER_UNREACHABLE", "the reply could not be kept", away);
    }
  }

  @Override
  public boolean isFinal(Throwable error) {
    return error instanceof StatusRuntimeException status
        && FINAL.contains(status.getStatus().getCode())
        && !ErrorDetails.of(error).map(ErrorDetail::getRetryable).orElse(false);
  }

  @Override
  public void givenUp(Delivery delivery, Throwable error) throws IOException, InterruptedException {
    String id = delivery.headers().get("ce-id");
    String method = delivery.headers().get("samspel-method");
    if (id == null || method == null) {
      return; // it is no tell: nobody waits for it
    }
    TellReply reply =
        TellReply.newBuilder()
            .setId(id)
            .setMethod(method)
            .setFailure(failure(error, delivery.attempt()))
            .build();
    keep(delivery.headers().getOrDefault("ce-partitionkey", id), reply);
  }

  private Message call(Told told) {
    Metadata headers = new Metadata();
    for (Map.Entry<String, String> header : told.delivery().headers().entrySet()) {
      if (SendOptions.isOwn(header.getKey())) {
        String plain = header.getValue();
        boolean printable = plain.chars().allMatch(each -> each >= ' ' && each < 0x7f);
        headers.put(
            Metadata.Key.of(header.getKey(), Metadata.ASCII_STRING_MARSHALLER),
            printable ? plain : HeaderValues.encode(plain));
      }
    }
    headers.put(CommandId.HEADER, told.id());
    Channel channel =
        ClientInterceptors.intercept(within, MetadataUtils.newAttachHeadersInterceptor(headers));
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    return ClientCalls.blockingUnaryCall(channel, told.method(), options, told.request());
  }

  private TellFailure failure(Throwable error, long attempts) {
    TellFailure.Builder failure =
        TellFailure.newBuilder().setRejected(isFinal(error)).setAttempts((int) attempts);
    if (!(error instanceof StatusRuntimeException status)) {
      return failure.setCode(Status.Code.INTERNAL.value()).setMessage("internal error").build();
    }
    com.google.rpc.Status details = StatusProto.fromThrowable(error);
    List<Any> packed = details == null ? List.of() : details.getDetailsList();
    String description = status.getStatus().getDescription();
    return failure
        .setCode(status.getStatus().getCode().value())
        .setMessage(description == null ? "" : description)
        .addAllDetails(packed)
        .build();
  }

  private void keep(String key, TellReply reply) throws IOException, InterruptedException {
    String name = service.getName();
    String token = TellAddress.token(name, reply.getMethod(), key, reply.getId());
    String subject = broker.prefix() + TellAddress.replySubject(name, token);
    broker.store(subject, null, reply.toByteArray(), REPLY_TIMEOUT);
  }

  /** Whether what failed is not the tell's: the service itself said that something is away. */
  private static boolean isAway(StatusRuntimeException error) {
    return error.getStatus().getCode() == Status.Code.UNAVAILABLE
        && ErrorDetails.of(error)
            .map(detail -> detail.getRetryable() && detail.getCode().startsWith("SAMSPEL_"))
            .orElse(false);
  }

  // A generated method's messages are protobuf messages.
  @SuppressWarnings("unchecked")
  private MethodDescriptor<Message, Message> methodOf(String name) {
    return (MethodDescriptor<Message, Message>)
        service.getMethods().stream()
            .filter(method -> name.equals(method.getBareMethodName()))
            .findFirst()
            .orElse(null);
  }

  private static Message parse(MethodDescriptor<Message, Message> method, byte[] data)
      throws InvalidProtocolBufferException {
    try {
      return method.parseRequest(new ByteArrayInputStream(data));
    } catch (StatusRuntimeException malformed) {
      throw new InvalidProtocolBufferException(String.valueOf(malformed.getCause()));
    }
  }
}
