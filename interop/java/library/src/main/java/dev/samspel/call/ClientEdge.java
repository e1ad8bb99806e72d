package dev.samspel.call;

import dev.samspel.error.Rejection;
import dev.samspel.registry.InstanceDirectory;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Context;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What every call of a client gets.
 *
 * <ol>
 *   <li>A call of one answer has a deadline: its own, else that of the call in which it is made,
 *       else 10 s (C1). A stream of answers has none by itself.
 *   <li>The trace of the call in which it is made goes on (A3).
 *   <li>Where the deadline passed because there was no instance, the error says so.
 * </ol>
 */
final class ClientEdge implements ClientInterceptor {
  private static final long DEADLINE_SECONDS = 10;

  private final String protoService;
  private final InstanceDirectory directory;

  ClientEdge(String protoService, InstanceDirectory directory) {
    this.protoService = protoService;
    this.directory = directory;
  }

  @Override
  public <Q, R> ClientCall<Q, R> interceptCall(
      MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
    boolean inherits = Context.current().getDeadline() != null;
    boolean bounded = options.getDeadline() != null || inherits;
    CallOptions own =
        bounded || !method.getType().serverSendsOneMessage()
            ? options
            : options.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    return new SimpleForwardingClientCall<>(next.newCall(method, own)) {
      @Override
      public void start(Listener<R> listener, Metadata headers) {
        TraceContext.passOn(headers);
        String commandId = own.getOption(CommandId.OPTION);
        if (commandId != null) {
          headers.put(CommandId.HEADER, commandId);
        }
        super.start(explaining(listener), headers);
      }
    };
  }

  private Rejection noInstance() {
    return new Rejection(
        Status.Code.UNAVAILABLE,
        "no instance of %s is in the registry".formatted(protoService),
        Rejection.detail("SAMSPEL_NO_INSTANCE", true, Map.of("service", protoService)));
  }

  private <R> ClientCall.Listener<R> explaining(ClientCall.Listener<R> listener) {
    return new SimpleForwardingClientCallListener<>(listener) {
      @Override
      public void onClose(Status status, Metadata trailers) {
        boolean late = status.getCode() == Status.Code.DEADLINE_EXCEEDED;
        if (late && !directory.hasInstances(protoService)) {
          Rejection error = noInstance();
          super.onClose(error.getStatus(), error.getTrailers());
        } else {
          super.onClose(status, trailers);
        }
      }
    };
  }
}
