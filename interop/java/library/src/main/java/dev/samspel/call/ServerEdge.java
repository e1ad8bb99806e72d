package dev.samspel.call;

import dev.samspel.error.Rejection;
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
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The edge of a service: what handlers throw becomes a status, here and nowhere else (C5).
 *
 * <ol>
 *   <li>A status that a handler throws, or hands to {@code onError}, reaches the caller as it is.
 *       Whatever else it throws is logged whole, and the caller gets {@code INTERNAL} and {@code
 *       internal error}.
 *   <li>The trace, the command id and the deadline of the call stand in the handler's context; a
 *       call of one answer that came without a deadline gets 10 s (C1). It ends then, whatever its
 *       handler does.
 * </ol>
 */
public final class ServerEdge implements ServerInterceptor {
  private static final Duration DEADLINE = Duration.ofSeconds(10);
  private static final Log LOG = Log.of(ServerEdge.class);

  private final ScheduledExecutorService timers;
  private final Duration deadline;
  private final Set<Guarded<?, ?>> openEnded = ConcurrentHashMap.newKeySet();

  /** {@code timers} end the deadlines that we gave. */
  public ServerEdge(ScheduledExecutorService timers) {
    this(timers, DEADLINE);
  }

  ServerEdge(ScheduledExecutorService timers, Duration deadline) {
    this.timers = timers;
    this.deadline = deadline;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    Context.CancellableContext context = contextOf(call, headers);
    Guarded<Q, R> guarded = new Guarded<>(call, context);
    if (context.getDeadline() == null) {
      openEnded.add(guarded);
    }
    context.addListener(over -> guarded.endAt(over.cancellationCause()), Runnable::run);
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

  /** Ends the calls that have no deadline, and so perhaps no end: their callers go elsewhere. */
  public void drain() {
    openEnded.forEach(Guarded::drain);
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
        ? context.withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS, timers)
        : context.withCancellation();
  }

  /**
   * The call, as its handler answers it. We may end it from another thread; what the handler says
   * after that goes nowhere.
   */
  private final class Guarded<Q, R> extends SimpleForwardingServerCall<Q, R> {
    private final Context.CancellableContext context;
    private boolean closed;

    Guarded(ServerCall<Q, R> call, Context.CancellableContext context) {
      super(call);
      this.context = context;
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
      if (!closed) {
        super.sendHeaders(headers);
      }
    }

    @Override
    public synchronized void sendMessage(R message) {
      if (!closed) {
        super.sendMessage(message);
      }
    }

    /** {@code onError} of an observer comes here, with what it was given as the status's cause. */
    @Override
    public void close(Status status, Metadata trailers) {
      Throwable cause = status.getCause();
      boolean ofOurs = status.getCode() == Status.Code.UNKNOWN && cause != null;
      if (ofOurs
          && !(cause instanceof StatusException || cause instanceof StatusRuntimeException)) {
        fail(cause);
      } else {
        end(status, trailers);
      }
    }

    void fail(Throwable error) {
      if (error instanceof StatusRuntimeException refusal) {
        if (refusal.getCause() != null) {
          LOG.warn(refusal, "call failed", about());
        }
        Metadata trailers = refusal.getTrailers();
        close(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
      } else if (context.isCancelled()) { // a handler that gave up with its call failed for that
        end(Status.CANCELLED.withDescription("the call is over"), new Metadata());
      } else {
        LOG.error(error, "call failed", about());
        end(Status.INTERNAL.withDescription("internal error"), new Metadata());
      }
    }

    /** Ends the call where its deadline is over, also where its handler does not look. */
    void endAt(Throwable cause) {
      if (cause instanceof TimeoutException) {
        end(Status.DEADLINE_EXCEEDED.withDescription("the deadline is over"), new Metadata());
      }
    }

    void drain() {
      Rejection draining =
          new Rejection(
              Status.Code.UNAVAILABLE,
              "the instance stops",
              Rejection.detail("SAMSPEL_DRAINING", true, Map.of()));
      end(draining.getStatus(), draining.getTrailers());
      context.cancel(draining);
    }

    void forget() {
      openEnded.remove(this);
    }

    private synchronized void end(Status status, Metadata trailers) {
      if (closed) {
        return;
      }
      closed = true;
      forget();
      try {
        super.close(status, trailers);
      } catch (IllegalStateException over) { // the caller was faster
        LOG.debug("call was over", about());
      }
    }

    private Object[] about() {
      Map<String, String> trace = TraceContext.of(context);
      return new Object[] {
        "method",
        getMethodDescriptor().getFullMethodName(),
        "traceparent",
        trace.getOrDefault("traceparent", "")
      };
    }
  }

  /** Runs what the handler does for each thing that happens in the context of its call. */
  private final class Within<Q, R> extends SimpleForwardingServerCallListener<Q> {
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
      call.forget();
      context.cancel(null);
      run(super::onCancel);
    }

    @Override
    public void onComplete() {
      call.forget();
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
