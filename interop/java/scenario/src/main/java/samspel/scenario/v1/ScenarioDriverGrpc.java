package samspel.scenario.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * The other side: calls ScenarioService, found in the registry, as a service in this language would.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ScenarioDriverGrpc {

  private ScenarioDriverGrpc() {}

  public static final java.lang.String SERVICE_NAME = "samspel.scenario.v1.ScenarioDriver";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.RunRequest,
      samspel.scenario.v1.Scenario.RunResponse> getRunMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Run",
      requestType = samspel.scenario.v1.Scenario.RunRequest.class,
      responseType = samspel.scenario.v1.Scenario.RunResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.RunRequest,
      samspel.scenario.v1.Scenario.RunResponse> getRunMethod() {
    io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.RunRequest, samspel.scenario.v1.Scenario.RunResponse> getRunMethod;
    if ((getRunMethod = ScenarioDriverGrpc.getRunMethod) == null) {
      synchronized (ScenarioDriverGrpc.class) {
        if ((getRunMethod = ScenarioDriverGrpc.getRunMethod) == null) {
          ScenarioDriverGrpc.getRunMethod = getRunMethod =
              io.grpc.MethodDescriptor.<samspel.scenario.v1.Scenario.RunRequest, samspel.scenario.v1.Scenario.RunResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Run"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.RunRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.RunResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioDriverMethodDescriptorSupplier("Run"))
              .build();
        }
      }
    }
    return getRunMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ScenarioDriverStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScenarioDriverStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScenarioDriverStub>() {
        @java.lang.Override
        public ScenarioDriverStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScenarioDriverStub(channel, callOptions);
        }
      };
    return ScenarioDriverStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static ScenarioDriverBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScenarioDriverBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScenarioDriverBlockingV2Stub>() {
        @java.lang.Override
        public ScenarioDriverBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScenarioDriverBlockingV2Stub(channel, callOptions);
        }
      };
    return ScenarioDriverBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ScenarioDriverBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScenarioDriverBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScenarioDriverBlockingStub>() {
        @java.lang.Override
        public ScenarioDriverBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScenarioDriverBlockingStub(channel, callOptions);
        }
      };
    return ScenarioDriverBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ScenarioDriverFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScenarioDriverFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScenarioDriverFutureStub>() {
        @java.lang.Override
        public ScenarioDriverFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScenarioDriverFutureStub(channel, callOptions);
        }
      };
    return ScenarioDriverFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * The other side: calls ScenarioService, found in the registry, as a service in this language would.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Carries out one scenario, and says whether what must hold held.
     * </pre>
     */
    default void run(samspel.scenario.v1.Scenario.RunRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.RunResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRunMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ScenarioDriver.
   * <pre>
   * The other side: calls ScenarioService, found in the registry, as a service in this language would.
   * </pre>
   */
  public static abstract class ScenarioDriverImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ScenarioDriverGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ScenarioDriver.
   * <pre>
   * The other side: calls ScenarioService, found in the registry, as a service in this language would.
   * </pre>
   */
  public static final class ScenarioDriverStub
      extends io.grpc.stub.AbstractAsyncStub<ScenarioDriverStub> {
    private ScenarioDriverStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScenarioDriverStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScenarioDriverStub(channel, callOptions);
    }

    /**
     * <pre>
     * Carries out one scenario, and says whether what must hold held.
     * </pre>
     */
    public void run(samspel.scenario.v1.Scenario.RunRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.RunResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRunMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ScenarioDriver.
   * <pre>
   * The other side: calls ScenarioService, found in the registry, as a service in this language would.
   * </pre>
   */
  public static final class ScenarioDriverBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<ScenarioDriverBlockingV2Stub> {
    private ScenarioDriverBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScenarioDriverBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScenarioDriverBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Carries out one scenario, and says whether what must hold held.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.RunResponse run(samspel.scenario.v1.Scenario.RunRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRunMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service ScenarioDriver.
   * <pre>
   * The other side: calls ScenarioService, found in the registry, as a service in this language would.
   * </pre>
   */
  public static final class ScenarioDriverBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ScenarioDriverBlockingStub> {
    private ScenarioDriverBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScenarioDriverBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScenarioDriverBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Carries out one scenario, and says whether what must hold held.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.RunResponse run(samspel.scenario.v1.Scenario.RunRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRunMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ScenarioDriver.
   * <pre>
   * The other side: calls ScenarioService, found in the registry, as a service in this language would.
   * </pre>
   */
  public static final class ScenarioDriverFutureStub
      extends io.grpc.stub.AbstractFutureStub<ScenarioDriverFutureStub> {
    private ScenarioDriverFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScenarioDriverFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScenarioDriverFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Carries out one scenario, and says whether what must hold held.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<samspel.scenario.v1.Scenario.RunResponse> run(
        samspel.scenario.v1.Scenario.RunRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRunMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_RUN = 0;

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
        case METHODID_RUN:
          serviceImpl.run((samspel.scenario.v1.Scenario.RunRequest) request,
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.RunResponse>) responseObserver);
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
          getRunMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              samspel.scenario.v1.Scenario.RunRequest,
              samspel.scenario.v1.Scenario.RunResponse>(
                service, METHODID_RUN)))
        .build();
  }

  private static abstract class ScenarioDriverBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    ScenarioDriverBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return samspel.scenario.v1.Scenario.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("ScenarioDriver");
    }
  }

  private static final class ScenarioDriverFileDescriptorSupplier
      extends ScenarioDriverBaseDescriptorSupplier {
    ScenarioDriverFileDescriptorSupplier() {}
  }

  private static final class ScenarioDriverMethodDescriptorSupplier
      extends ScenarioDriverBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    ScenarioDriverMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (ScenarioDriverGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new ScenarioDriverFileDescriptorSupplier())
              .addMethod(getRunMethod())
              .build();
        }
      }
    }
    return result;
  }
}
