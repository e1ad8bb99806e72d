package billing.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * The topics of billing.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class BillingTopicsGrpc {

  private BillingTopicsGrpc() {}

  public static final java.lang.String SERVICE_NAME = "billing.v1.BillingTopics";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<samspel.v1.Subscribe.SubscribeRequest,
      billing.v1.BillingTopicsOuterClass.InvoicePaid> getPaidMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Paid",
      requestType = samspel.v1.Subscribe.SubscribeRequest.class,
      responseType = billing.v1.BillingTopicsOuterClass.InvoicePaid.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<samspel.v1.Subscribe.SubscribeRequest,
      billing.v1.BillingTopicsOuterClass.InvoicePaid> getPaidMethod() {
    io.grpc.MethodDescriptor<samspel.v1.Subscribe.SubscribeRequest, billing.v1.BillingTopicsOuterClass.InvoicePaid> getPaidMethod;
    if ((getPaidMethod = BillingTopicsGrpc.getPaidMethod) == null) {
      synchronized (BillingTopicsGrpc.class) {
        if ((getPaidMethod = BillingTopicsGrpc.getPaidMethod) == null) {
          BillingTopicsGrpc.getPaidMethod = getPaidMethod =
              io.grpc.MethodDescriptor.<samspel.v1.Subscribe.SubscribeRequest, billing.v1.BillingTopicsOuterClass.InvoicePaid>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Paid"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.v1.Subscribe.SubscribeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  billing.v1.BillingTopicsOuterClass.InvoicePaid.getDefaultInstance()))
              .setSchemaDescriptor(new BillingTopicsMethodDescriptorSupplier("Paid"))
              .build();
        }
      }
    }
    return getPaidMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static BillingTopicsStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<BillingTopicsStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<BillingTopicsStub>() {
        @java.lang.Override
        public BillingTopicsStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new BillingTopicsStub(channel, callOptions);
        }
      };
    return BillingTopicsStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static BillingTopicsBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<BillingTopicsBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<BillingTopicsBlockingV2Stub>() {
        @java.lang.Override
        public BillingTopicsBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new BillingTopicsBlockingV2Stub(channel, callOptions);
        }
      };
    return BillingTopicsBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static BillingTopicsBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<BillingTopicsBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<BillingTopicsBlockingStub>() {
        @java.lang.Override
        public BillingTopicsBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new BillingTopicsBlockingStub(channel, callOptions);
        }
      };
    return BillingTopicsBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static BillingTopicsFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<BillingTopicsFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<BillingTopicsFutureStub>() {
        @java.lang.Override
        public BillingTopicsFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new BillingTopicsFutureStub(channel, callOptions);
        }
      };
    return BillingTopicsFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * The topics of billing.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Every invoice that was paid, once.
     * </pre>
     */
    default void paid(samspel.v1.Subscribe.SubscribeRequest request,
        io.grpc.stub.StreamObserver<billing.v1.BillingTopicsOuterClass.InvoicePaid> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPaidMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service BillingTopics.
   * <pre>
   * The topics of billing.
   * </pre>
   */
  public static abstract class BillingTopicsImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return BillingTopicsGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service BillingTopics.
   * <pre>
   * The topics of billing.
   * </pre>
   */
  public static final class BillingTopicsStub
      extends io.grpc.stub.AbstractAsyncStub<BillingTopicsStub> {
    private BillingTopicsStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected BillingTopicsStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new BillingTopicsStub(channel, callOptions);
    }

    /**
     * <pre>
     * Every invoice that was paid, once.
     * </pre>
     */
    public void paid(samspel.v1.Subscribe.SubscribeRequest request,
        io.grpc.stub.StreamObserver<billing.v1.BillingTopicsOuterClass.InvoicePaid> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getPaidMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service BillingTopics.
   * <pre>
   * The topics of billing.
   * </pre>
   */
  public static final class BillingTopicsBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<BillingTopicsBlockingV2Stub> {
    private BillingTopicsBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected BillingTopicsBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new BillingTopicsBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Every invoice that was paid, once.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, billing.v1.BillingTopicsOuterClass.InvoicePaid>
        paid(samspel.v1.Subscribe.SubscribeRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getPaidMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service BillingTopics.
   * <pre>
   * The topics of billing.
   * </pre>
   */
  public static final class BillingTopicsBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<BillingTopicsBlockingStub> {
    private BillingTopicsBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected BillingTopicsBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new BillingTopicsBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Every invoice that was paid, once.
     * </pre>
     */
    public java.util.Iterator<billing.v1.BillingTopicsOuterClass.InvoicePaid> paid(
        samspel.v1.Subscribe.SubscribeRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getPaidMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service BillingTopics.
   * <pre>
   * The topics of billing.
   * </pre>
   */
  public static final class BillingTopicsFutureStub
      extends io.grpc.stub.AbstractFutureStub<BillingTopicsFutureStub> {
    private BillingTopicsFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected BillingTopicsFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new BillingTopicsFutureStub(channel, callOptions);
    }
  }

  private static final int METHODID_PAID = 0;

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
        case METHODID_PAID:
          serviceImpl.paid((samspel.v1.Subscribe.SubscribeRequest) request,
              (io.grpc.stub.StreamObserver<billing.v1.BillingTopicsOuterClass.InvoicePaid>) responseObserver);
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
          getPaidMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              samspel.v1.Subscribe.SubscribeRequest,
              billing.v1.BillingTopicsOuterClass.InvoicePaid>(
                service, METHODID_PAID)))
        .build();
  }

  private static abstract class BillingTopicsBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    BillingTopicsBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return billing.v1.BillingTopicsOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("BillingTopics");
    }
  }

  private static final class BillingTopicsFileDescriptorSupplier
      extends BillingTopicsBaseDescriptorSupplier {
    BillingTopicsFileDescriptorSupplier() {}
  }

  private static final class BillingTopicsMethodDescriptorSupplier
      extends BillingTopicsBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    BillingTopicsMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (BillingTopicsGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new BillingTopicsFileDescriptorSupplier())
              .addMethod(getPaidMethod())
              .build();
        }
      }
    }
    return result;
  }
}
