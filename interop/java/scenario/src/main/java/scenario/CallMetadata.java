package scenario;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;

/** What came with a call, and what is to go with its answer; for handlers that look at it. */
record CallMetadata(Metadata request, Metadata header, Metadata trailer) {
  private static final Context.Key<CallMetadata> KEY = Context.key("metadata");

  static CallMetadata current() {
    return KEY.get();
  }

  String text(String name) {
    String value = request.get(textKey(name));
    return value == null ? "" : value;
  }

  static Metadata.Key<String> textKey(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  static final class Interceptor implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      CallMetadata metadata = new CallMetadata(headers, new Metadata(), new Metadata());
      Context context = Context.current().withValue(KEY, metadata);
      return Contexts.interceptCall(context, answering(call, metadata), headers, next);
    }

    private static <Q, R> ServerCall<Q, R> answering(ServerCall<Q, R> call, CallMetadata own) {
      return new SimpleForwardingServerCall<>(call) {
        @Override
        public void sendHeaders(Metadata headers) {
          headers.merge(own.header());
          super.sendHeaders(headers);
        }

        @Override
        public void close(Status status, Metadata trailers) {
          trailers.merge(own.trailer());
          super.close(status, trailers);
        }
      };
    }
  }
}
