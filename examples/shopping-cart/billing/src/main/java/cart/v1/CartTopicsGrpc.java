package cart.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * The topics of the cart service.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class CartTopicsGrpc {

  private CartTopicsGrpc() {}

  public static final java.lang.String SERVICE_NAME = "cart.v1.CartTopics";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<samspel.v1.Subscribe.SubscribeRequest,
      cart.v1.CartTopicsOuterClass.CartCheckedOut> getCheckedOutMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CheckedOut",
      requestType = samspel.v1.Subscribe.SubscribeRequest.class,
      responseType = cart.v1.CartTopicsOuterClass.CartCheckedOut.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<samspel.v1.Subscribe.SubscribeRequest,
      cart.v1.CartTopicsOuterClass.CartCheckedOut> getCheckedOutMethod() {
    io.grpc.MethodDescriptor<samspel.v1.Subscribe.SubscribeRequest, cart.v1.CartTopicsOuterClass.CartCheckedOut> getCheckedOutMethod;
    if ((getCheckedOutMethod = CartTopicsGrpc.getCheckedOutMethod) == null) {
      synchronized (CartTopicsGrpc.class) {
        if ((getCheckedOutMethod = CartTopicsGrpc.getCheckedOutMethod) == null) {
          CartTopicsGrpc.getCheckedOutMethod = getCheckedOutMethod =
              io.grpc.MethodDescriptor.<samspel.v1.Subscribe.SubscribeRequest, cart.v1.CartTopicsOuterClass.CartCheckedOut>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CheckedOut"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.v1.Subscribe.SubscribeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  cart.v1.CartTopicsOuterClass.CartCheckedOut.getDefaultInstance()))
              .setSchemaDescriptor(new CartTopicsMethodDescriptorSupplier("CheckedOut"))
              .build();
        }
      }
    }
    return getCheckedOutMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static CartTopicsStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CartTopicsStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CartTopicsStub>() {
        @java.lang.Override
        public CartTopicsStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CartTopicsStub(channel, callOptions);
        }
      };
    return CartTopicsStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static CartTopicsBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CartTopicsBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CartTopicsBlockingV2Stub>() {
        @java.lang.Override
        public CartTopicsBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CartTopicsBlockingV2Stub(channel, callOptions);
        }
      };
    return CartTopicsBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static CartTopicsBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CartTopicsBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CartTopicsBlockingStub>() {
        @java.lang.Override
        public CartTopicsBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CartTopicsBlockingStub(channel, callOptions);
        }
      };
    return CartTopicsBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static CartTopicsFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<CartTopicsFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<CartTopicsFutureStub>() {
        @java.lang.Override
        public CartTopicsFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new CartTopicsFutureStub(channel, callOptions);
        }
      };
    return CartTopicsFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * The topics of the cart service.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Every checkout, once, in order of each cart.
     * </pre>
     */
    default void checkedOut(samspel.v1.Subscribe.SubscribeRequest request,
        io.grpc.stub.StreamObserver<cart.v1.CartTopicsOuterClass.CartCheckedOut> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCheckedOutMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service CartTopics.
   * <pre>
   * The topics of the cart service.
   * </pre>
   */
  public static abstract class CartTopicsImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return CartTopicsGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service CartTopics.
   * <pre>
   * The topics of the cart service.
   * </pre>
   */
  public static final class CartTopicsStub
      extends io.grpc.stub.AbstractAsyncStub<CartTopicsStub> {
    private CartTopicsStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CartTopicsStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CartTopicsStub(channel, callOptions);
    }

    /**
     * <pre>
     * Every checkout, once, in order of each cart.
     * </pre>
     */
    public void checkedOut(samspel.v1.Subscribe.SubscribeRequest request,
        io.grpc.stub.StreamObserver<cart.v1.CartTopicsOuterClass.CartCheckedOut> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getCheckedOutMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service CartTopics.
   * <pre>
   * The topics of the cart service.
   * </pre>
   */
  public static final class CartTopicsBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<CartTopicsBlockingV2Stub> {
    private CartTopicsBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CartTopicsBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CartTopicsBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Every checkout, once, in order of each cart.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, cart.v1.CartTopicsOuterClass.CartCheckedOut>
        checkedOut(samspel.v1.Subscribe.SubscribeRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getCheckedOutMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service CartTopics.
   * <pre>
   * The topics of the cart service.
   * </pre>
   */
  public static final class CartTopicsBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<CartTopicsBlockingStub> {
    private CartTopicsBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CartTopicsBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CartTopicsBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Every checkout, once, in order of each cart.
     * </pre>
     */
    public java.util.Iterator<cart.v1.CartTopicsOuterClass.CartCheckedOut> checkedOut(
        samspel.v1.Subscribe.SubscribeRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getCheckedOutMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service CartTopics.
   * <pre>
   * The topics of the cart service.
   * </pre>
   */
  public static final class CartTopicsFutureStub
      extends io.grpc.stub.AbstractFutureStub<CartTopicsFutureStub> {
    private CartTopicsFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected CartTopicsFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new CartTopicsFutureStub(channel, callOptions);
    }
  }

  private static final int METHODID_CHECKED_OUT = 0;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_CHECKED_OUT:
          serviceImpl.checkedOut((samspel.v1.Subscribe.SubscribeRequest) request,
              (io.grpc.stub.StreamObserver<cart.v1.CartTopicsOuterClass.CartCheckedOut>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getCheckedOutMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              samspel.v1.Subscribe.SubscribeRequest,
              cart.v1.CartTopicsOuterClass.CartCheckedOut>(
                service, METHODID_CHECKED_OUT)))
        .build();
  }

  private static abstract class CartTopicsBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    CartTopicsBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return cart.v1.CartTopicsOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("CartTopics");
    }
  }

  private static final class CartTopicsFileDescriptorSupplier
      extends CartTopicsBaseDescriptorSupplier {
    CartTopicsFileDescriptorSupplier() {}
  }

  private static final class CartTopicsMethodDescriptorSupplier
      extends CartTopicsBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    CartTopicsMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (CartTopicsGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new CartTopicsFileDescriptorSupplier())
              .addMethod(getCheckedOutMethod())
              .build();
        }
      }
    }
    return result;
  }
}
