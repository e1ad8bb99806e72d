package dev.samspel.messaging;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.samspel.call.CommandId;
import dev.samspel.error.Rejection;
import dev.samspel.error.Unavailable;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import io.nats.client.Subscription;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import samspel.v1.Tell.TellFailure;
import samspel.v1.Tell.TellReply;

/**
 * Tells methods of other services (T5): stored by JetStream before it returns, handled though
 * nobody runs now.
 *
 * <ol>
 *   <li>A tell is stored once for its id: JetStream knows it by method, key and id for two minutes,
 *       its handler by its command id for a week.
 *   <li>It is sent again until it is stored, or its time is over; then it may be stored all the
 *       same, so the same id makes trying again harmless.
 *   <li>The tells of a key are stored in the order of the calls of this process.
 * </ol>
 */
public final class Teller {
  private static final Duration LOOK = Duration.ofSeconds(2);

  /**
   * After how long a reply is looked for again, twice as long each time: it may have been on its
   * way to where it is kept, or have come while the connection was lost.
   */
  private static final long FIRST_LOOK_MS = 250;

  private static final long LONGEST_LOOK_MS = 30_000;

  private final Broker broker;
  private final OrderedSender sender;

  Teller(Broker broker, OrderedSender sender) {
    this.broker = broker;
    this.sender = sender;
  }

  /** Tells under a random id; see {@link #tell(MethodDescriptor, Message, SendOptions)}. */
  public <Q extends Message, R> Receipt<R> tell(MethodDescriptor<Q, R> method, Q request) {
    return tell(method, request, SendOptions.DEFAULT);
  }

  /**
   * Stores a tell of a generated method, such as {@code ShippingServiceGrpc.getDispatchMethod()}.
   *
   * @param options its id is the command id that the handler gets; two tells of one method and key
   *     that have the same are one
   * @throws IllegalArgumentException where the method may not be told
   * @throws Unavailable where it is not known to be stored in time
   */
  public <Q extends Message, R> Receipt<R> tell(
      MethodDescriptor<Q, R> method, Q request, SendOptions options) {
    TellMethods.requireTellable(method);
    String service = method.getServiceName();
    String name = method.getBareMethodName();
    String id = CommandId.check(options.id().orElseGet(() -> UUID.randomUUID().toString()));
    String key = KeyField.in(request).orElse(id);
    Instant now = Instant.now();
    CloudEvent event = new CloudEvent(broker.service(), inputOf(method), id, key, now);
    Headers headers = event.headers(options.headers());
    headers.put("Nats-Msg-Id", TellAddress.messageId(name, key, id));
    headers.put("samspel-method", name);
    Publisher.join(
        sender.send(
            "tell/" + service + "/" + key,
            new OrderedSender.Outgoing(
                broker.prefix() + TellAddress.subjectOf(service, key),
                headers,
                request.toByteArray(),
                options.timeout(),
                () -> Streams.ensureTells(broker, service))));
    String token = TellAddress.token(service, name, key, id);
    return new Receipt<>(id, Long.toString(now.toEpochMilli(), 36) + "-" + token, this, method);
  }

  /** The reply to a tell of which only the token is at hand; see {@link Receipt#reply}. */
  public <R> R reply(MethodDescriptor<?, R> method, String token, Duration timeout)
      throws TimeoutException, InterruptedException {
    String kept = token.substring(token.indexOf('-') + 1);
    String subject = broker.prefix() + TellAddress.replySubject(method.getServiceName(), kept);
    long end = System.nanoTime() + timeout.toNanos();
    // Who listens first and looks then misses nothing.
    Subscription subscription = broker.connection().subscribe(subject);
    try {
      for (long look = FIRST_LOOK_MS; ; look = Math.min(2 * look, LONGEST_LOOK_MS)) {
        byte[] found = last(subject);
        if (found == null) {
          long left = (end - System.nanoTime()) / 1_000_000;
          if (left <= 0) {
            throw new TimeoutException("no reply within " + timeout.toMillis() + " ms");
          }
          var arrived = subscription.nextMessage(Math.min(left, look));
          found = arrived == null ? null : arrived.getData();
        }
        if (found != null) {
          return read(method, found);
        }
      }
    } finally {
      subscription.unsubscribe();
    }
  }

  private byte[] last(String subject) throws InterruptedException {
    String stream = broker.prefix() + Streams.REPLIES;
    try {
      var found = broker.request("$JS.API.DIRECT.GET." + stream + "." + subject, null, null, LOOK);
      return found.isStatusMessage() ? null : found.getData();
    } catch (IOException away) {
      return null; // the answer may still be heard
    }
  }

  private static <R> R read(MethodDescriptor<?, R> method, byte[] data) {
    try {
      TellReply reply = TellReply.parseFrom(data);
      if (reply.hasResponse()) {
        return method.parseResponse(reply.getResponse().newInput());
      }
      if (reply.hasFailure()) {
        TellFailure failure = reply.getFailure();
        throw new TellFailed(
            failure.getCode(),
            failure.getMessage(),
            failure.getDetailsList(),
            failure.getRejected());
      }
      Any gone = Any.pack(Rejection.detail("SAMSPEL_REPLY_GONE", false, Map.of()));
      throw new TellFailed(
          Status.Code.NOT_FOUND.value(),
          "the reply was too large to be kept",
          List.of(gone),
          false);
    } catch (InvalidProtocolBufferException malformed) {
      throw new IllegalStateException("The reply is no TellReply", malformed);
    }
  }

  private static String inputOf(MethodDescriptor<?, ?> method) {
    return ((ProtoMethodDescriptorSupplier) method.getSchemaDescriptor())
        .getMethodDescriptor()
        .getInputType()
        .getFullName();
  }
}
