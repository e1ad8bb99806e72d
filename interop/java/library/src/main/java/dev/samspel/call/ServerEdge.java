package dev.samspel.call;

import dev.samspel.log.Log;
import io.grpc.Context;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The edge of a service: what handlers throw becomes a status, here and nowhere else (C5).
 *
 * <ol>
 *   <li>A status that a handler throws, or hands to {@code onError}, reaches the caller as it is.
 *       Whatever else it throws is logged whole, and the caller gets {@code INTERNAL} and {@code
 *       internal error}.
 *   <li>The trace, the command id and the deadline of the call stand in the handler's context; a
 *       call of one answer that came without a deadline gets 10 s for the calls within it (C1).
 * </ol>
 */
public final class ServerEdge implements ServerInterceptor {
  private static final long DEADLINE_SECONDS = 10;
  private static final Log LOG = Log.of(ServerEdge.class);

  private final ScheduledExecutorService timers;

  /** {@code timers} end the deadlines that we gave. */
  public ServerEdge(ScheduledExecutorService timers) {
    this.timers = timers;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    Context.CancellableContext context = contextOf(call, headers);
    Guarded<Q, R> guarded = new Guarded<>(call, context);
    Context former = context.attach();
    try {
      return new Within<>(next.startCall(guarded, headers), guarded, context);
    } catch (RuntimeException error) {
      guarded.fail(error);
      return new ServerCall.Listener<>() {};
    } finally {
      context.detach(former);
    }
  }

  private Context.CancellableContext contextOf(ServerCall<?, ?> call, Metadata headers) {
    Context context = TraceContext.within(Context.current(), headers);
    String commandId = headers.get(CommandId.HEADER);
    if (commandId != null) {
      context = context.withValue(CommandId.CURRENT, commandId);
    }
    boolean needsDeadline =
        context.getDeadline() == null
            && call.getMethodDescriptor().getType().serverSendsOneMessage();
    return needsDeadline
        ? context.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS, timers)
        : context.withCancellation();
  }

  /** The call, as its handler answers it. */
  private static final class Guarded<Q, R> extends SimpleForwardingServerCall<Q, R> {
    private final Context.CancellableContext context;
    private boolean closed;

    Guarded(ServerCall<Q, R> call, Context.CancellableContext context) {
      super(call);
      this.context = context;
    }

    /** {@code onError} of an observer comes here, with what it was given as the status's cause. */
    @Override
    public void close(Status status, Metadata trailers) {
      Throwable cause = status.getCause();
      boolean ofOurs = status.getCode() == Status.Code.UNKNOWN && cause != null;
      if (ofOurs
          && !(cause instanceof StatusException || cause instanceof StatusRuntimeException)) {
        fail(cause);
        return;
      }
      if (!closed) {
        closed = true;
        super.close(status, trailers);
      }
    }

    void fail(Throwable error) {
      if (error instanceof StatusRuntimeException refusal) {
        if (refusal.getCause() != null) {
          LOG.warn(refusal, "call failed", "method", method());
        }
        Metadata trailers = refusal.getTrailers();
        close(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
      } else if (context.isCancelled()) { // a handler that gave up with its call failed for that
        close(Status.CANCELLED.withDescription("the call is over"), new Metadata());
      } else {
        LOG.error(error, "call failed", "method", method());
        close(Status.INTERNAL.withDescription("internal error"), new Metadata());
      }
    }

    private String method() {
      return getMethodDescriptor().getFullMethodName();
    }
  }

  /** Runs what the handler does for each thing that happens in the context of its call. */
  private static final class Within<Q, R> extends SimpleForwardingServerCallListener<Q> {
    private final Guarded<Q, R> call;
    private final Context.CancellableContext context;

    Within(ServerCall.Listener<Q> handler, Guarded<Q, R> call, Context.CancellableContext context) {
      super(handler);
      this.call = call;
      this.context = context;
    }

    @Override
    public void onMessage(Q message) {
      run(() -> super.onMessage(message));
    }

    @Override
    public void onHalfClose() {
      run(super::onHalfClose);
    }

    @Override
    public void onReady() {
      run(super::onReady);
    }

    @Override
    public void onCancel() {
      context.cancel(null);
      run(super::onCancel);
    }

    @Override
    public void onComplete() {
      run(super::onComplete);
      context.cancel(null);
    }

    private void run(Runnable part) {
      Context former = context.attach();
      try {
        part.run();
      } catch (RuntimeException | Error error) {
        call.fail(error);
      } finally {
        context.detach(former);
      }
    }
  }
}
