package samspel.scenario.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * What is published.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ScenarioTopicsGrpc {

  private ScenarioTopicsGrpc() {}

  public static final java.lang.String SERVICE_NAME = "samspel.scenario.v1.ScenarioTopics";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<samspel.v1.Subscribe.SubscribeRequest,
      samspel.scenario.v1.Scenario.HappenedEvent> getHappenedMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Happened",
      requestType = samspel.v1.Subscribe.SubscribeRequest.class,
      responseType = samspel.scenario.v1.Scenario.HappenedEvent.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<samspel.v1.Subscribe.SubscribeRequest,
      samspel.scenario.v1.Scenario.HappenedEvent> getHappenedMethod() {
    io.grpc.MethodDescriptor<samspel.v1.Subscribe.SubscribeRequest, samspel.scenario.v1.Scenario.HappenedEvent> getHappenedMethod;
    if ((getHappenedMethod = ScenarioTopicsGrpc.getHappenedMethod) == null) {
      synchronized (ScenarioTopicsGrpc.class) {
        if ((getHappenedMethod = ScenarioTopicsGrpc.getHappenedMethod) == null) {
          ScenarioTopicsGrpc.getHappenedMethod = getHappenedMethod =
              io.grpc.MethodDescriptor.<samspel.v1.Subscribe.SubscribeRequest, samspel.scenario.v1.Scenario.HappenedEvent>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Happened"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.v1.Subscribe.SubscribeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.HappenedEvent.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioTopicsMethodDescriptorSupplier("Happened"))
              .build();
        }
      }
    }
    return getHappenedMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ScenarioTopicsStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScenarioTopicsStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScenarioTopicsStub>() {
        @java.lang.Override
        public ScenarioTopicsStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScenarioTopicsStub(channel, callOptions);
        }
      };
    return ScenarioTopicsStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static ScenarioTopicsBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScenarioTopicsBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScenarioTopicsBlockingV2Stub>() {
        @java.lang.Override
        public ScenarioTopicsBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScenarioTopicsBlockingV2Stub(channel, callOptions);
        }
      };
    return ScenarioTopicsBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ScenarioTopicsBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScenarioTopicsBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScenarioTopicsBlockingStub>() {
        @java.lang.Override
        public ScenarioTopicsBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScenarioTopicsBlockingStub(channel, callOptions);
        }
      };
    return ScenarioTopicsBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ScenarioTopicsFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScenarioTopicsFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScenarioTopicsFutureStub>() {
        @java.lang.Override
        public ScenarioTopicsFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScenarioTopicsFutureStub(channel, callOptions);
        }
      };
    return ScenarioTopicsFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * What is published.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Something happened. The suite publishes it from one side and consumes it on the other.
     * </pre>
     */
    default void happened(samspel.v1.Subscribe.SubscribeRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.HappenedEvent> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getHappenedMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ScenarioTopics.
   * <pre>
   * What is published.
   * </pre>
   */
  public static abstract class ScenarioTopicsImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ScenarioTopicsGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ScenarioTopics.
   * <pre>
   * What is published.
   * </pre>
   */
  public static final class ScenarioTopicsStub
      extends io.grpc.stub.AbstractAsyncStub<ScenarioTopicsStub> {
    private ScenarioTopicsStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScenarioTopicsStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScenarioTopicsStub(channel, callOptions);
    }

    /**
     * <pre>
     * Something happened. The suite publishes it from one side and consumes it on the other.
     * </pre>
     */
    public void happened(samspel.v1.Subscribe.SubscribeRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.HappenedEvent> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getHappenedMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ScenarioTopics.
   * <pre>
   * What is published.
   * </pre>
   */
  public static final class ScenarioTopicsBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<ScenarioTopicsBlockingV2Stub> {
    private ScenarioTopicsBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScenarioTopicsBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScenarioTopicsBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Something happened. The suite publishes it from one side and consumes it on the other.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, samspel.scenario.v1.Scenario.HappenedEvent>
        happened(samspel.v1.Subscribe.SubscribeRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getHappenedMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service ScenarioTopics.
   * <pre>
   * What is published.
   * </pre>
   */
  public static final class ScenarioTopicsBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ScenarioTopicsBlockingStub> {
    private ScenarioTopicsBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScenarioTopicsBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScenarioTopicsBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Something happened. The suite publishes it from one side and consumes it on the other.
     * </pre>
     */
    public java.util.Iterator<samspel.scenario.v1.Scenario.HappenedEvent> happened(
        samspel.v1.Subscribe.SubscribeRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getHappenedMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ScenarioTopics.
   * <pre>
   * What is published.
   * </pre>
   */
  public static final class ScenarioTopicsFutureStub
      extends io.grpc.stub.AbstractFutureStub<ScenarioTopicsFutureStub> {
    private ScenarioTopicsFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScenarioTopicsFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScenarioTopicsFutureStub(channel, callOptions);
    }
  }

  private static final int METHODID_HAPPENED = 0;

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
        case METHODID_HAPPENED:
          serviceImpl.happened((samspel.v1.Subscribe.SubscribeRequest) request,
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.HappenedEvent>) responseObserver);
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
          getHappenedMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              samspel.v1.Subscribe.SubscribeRequest,
              samspel.scenario.v1.Scenario.HappenedEvent>(
                service, METHODID_HAPPENED)))
        .build();
  }

  private static abstract class ScenarioTopicsBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    ScenarioTopicsBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return samspel.scenario.v1.Scenario.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("ScenarioTopics");
    }
  }

  private static final class ScenarioTopicsFileDescriptorSupplier
      extends ScenarioTopicsBaseDescriptorSupplier {
    ScenarioTopicsFileDescriptorSupplier() {}
  }

  private static final class ScenarioTopicsMethodDescriptorSupplier
      extends ScenarioTopicsBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    ScenarioTopicsMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (ScenarioTopicsGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new ScenarioTopicsFileDescriptorSupplier())
              .addMethod(getHappenedMethod())
              .build();
        }
      }
    }
    return result;
  }
}
