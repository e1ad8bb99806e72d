package shipping.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Looks after shipments. There is one for each cart that was checked out.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ShippingServiceGrpc {

  private ShippingServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "shipping.v1.ShippingService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<shipping.v1.ShippingApi.GetShipmentRequest,
      shipping.v1.ShippingApi.GetShipmentResponse> getGetShipmentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetShipment",
      requestType = shipping.v1.ShippingApi.GetShipmentRequest.class,
      responseType = shipping.v1.ShippingApi.GetShipmentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shipping.v1.ShippingApi.GetShipmentRequest,
      shipping.v1.ShippingApi.GetShipmentResponse> getGetShipmentMethod() {
    io.grpc.MethodDescriptor<shipping.v1.ShippingApi.GetShipmentRequest, shipping.v1.ShippingApi.GetShipmentResponse> getGetShipmentMethod;
    if ((getGetShipmentMethod = ShippingServiceGrpc.getGetShipmentMethod) == null) {
      synchronized (ShippingServiceGrpc.class) {
        if ((getGetShipmentMethod = ShippingServiceGrpc.getGetShipmentMethod) == null) {
          ShippingServiceGrpc.getGetShipmentMethod = getGetShipmentMethod =
              io.grpc.MethodDescriptor.<shipping.v1.ShippingApi.GetShipmentRequest, shipping.v1.ShippingApi.GetShipmentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetShipment"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shipping.v1.ShippingApi.GetShipmentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shipping.v1.ShippingApi.GetShipmentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ShippingServiceMethodDescriptorSupplier("GetShipment"))
              .build();
        }
      }
    }
    return getGetShipmentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shipping.v1.ShippingApi.TrackShipmentRequest,
      shipping.v1.ShippingApi.TrackShipmentResponse> getTrackShipmentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "TrackShipment",
      requestType = shipping.v1.ShippingApi.TrackShipmentRequest.class,
      responseType = shipping.v1.ShippingApi.TrackShipmentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<shipping.v1.ShippingApi.TrackShipmentRequest,
      shipping.v1.ShippingApi.TrackShipmentResponse> getTrackShipmentMethod() {
    io.grpc.MethodDescriptor<shipping.v1.ShippingApi.TrackShipmentRequest, shipping.v1.ShippingApi.TrackShipmentResponse> getTrackShipmentMethod;
    if ((getTrackShipmentMethod = ShippingServiceGrpc.getTrackShipmentMethod) == null) {
      synchronized (ShippingServiceGrpc.class) {
        if ((getTrackShipmentMethod = ShippingServiceGrpc.getTrackShipmentMethod) == null) {
          ShippingServiceGrpc.getTrackShipmentMethod = getTrackShipmentMethod =
              io.grpc.MethodDescriptor.<shipping.v1.ShippingApi.TrackShipmentRequest, shipping.v1.ShippingApi.TrackShipmentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "TrackShipment"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shipping.v1.ShippingApi.TrackShipmentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shipping.v1.ShippingApi.TrackShipmentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ShippingServiceMethodDescriptorSupplier("TrackShipment"))
              .build();
        }
      }
    }
    return getTrackShipmentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<shipping.v1.ShippingApi.DispatchRequest,
      shipping.v1.ShippingApi.DispatchResponse> getDispatchMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Dispatch",
      requestType = shipping.v1.ShippingApi.DispatchRequest.class,
      responseType = shipping.v1.ShippingApi.DispatchResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<shipping.v1.ShippingApi.DispatchRequest,
      shipping.v1.ShippingApi.DispatchResponse> getDispatchMethod() {
    io.grpc.MethodDescriptor<shipping.v1.ShippingApi.DispatchRequest, shipping.v1.ShippingApi.DispatchResponse> getDispatchMethod;
    if ((getDispatchMethod = ShippingServiceGrpc.getDispatchMethod) == null) {
      synchronized (ShippingServiceGrpc.class) {
        if ((getDispatchMethod = ShippingServiceGrpc.getDispatchMethod) == null) {
          ShippingServiceGrpc.getDispatchMethod = getDispatchMethod =
              io.grpc.MethodDescriptor.<shipping.v1.ShippingApi.DispatchRequest, shipping.v1.ShippingApi.DispatchResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Dispatch"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shipping.v1.ShippingApi.DispatchRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  shipping.v1.ShippingApi.DispatchResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ShippingServiceMethodDescriptorSupplier("Dispatch"))
              .build();
        }
      }
    }
    return getDispatchMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ShippingServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ShippingServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ShippingServiceStub>() {
        @java.lang.Override
        public ShippingServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ShippingServiceStub(channel, callOptions);
        }
      };
    return ShippingServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static ShippingServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ShippingServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ShippingServiceBlockingV2Stub>() {
        @java.lang.Override
        public ShippingServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ShippingServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return ShippingServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ShippingServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ShippingServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ShippingServiceBlockingStub>() {
        @java.lang.Override
        public ShippingServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ShippingServiceBlockingStub(channel, callOptions);
        }
      };
    return ShippingServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ShippingServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ShippingServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ShippingServiceFutureStub>() {
        @java.lang.Override
        public ShippingServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ShippingServiceFutureStub(channel, callOptions);
        }
      };
    return ShippingServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Looks after shipments. There is one for each cart that was checked out.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * The shipment of a cart: NOT_FOUND where the cart was not checked out, or that has not arrived here yet.
     * </pre>
     */
    default void getShipment(shipping.v1.ShippingApi.GetShipmentRequest request,
        io.grpc.stub.StreamObserver<shipping.v1.ShippingApi.GetShipmentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetShipmentMethod(), responseObserver);
    }

    /**
     * <pre>
     * The shipment of a cart now, and again whenever it changes, until it is dispatched. It waits for one that is not
     * there yet.
     * </pre>
     */
    default void trackShipment(shipping.v1.ShippingApi.TrackShipmentRequest request,
        io.grpc.stub.StreamObserver<shipping.v1.ShippingApi.TrackShipmentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getTrackShipmentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Sends a shipment on its way; a second time it changes nothing. FAILED_PRECONDITION where there is none.
     * </pre>
     */
    default void dispatch(shipping.v1.ShippingApi.DispatchRequest request,
        io.grpc.stub.StreamObserver<shipping.v1.ShippingApi.DispatchResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDispatchMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ShippingService.
   * <pre>
   * Looks after shipments. There is one for each cart that was checked out.
   * </pre>
   */
  public static abstract class ShippingServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ShippingServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ShippingService.
   * <pre>
   * Looks after shipments. There is one for each cart that was checked out.
   * </pre>
   */
  public static final class ShippingServiceStub
      extends io.grpc.stub.AbstractAsyncStub<ShippingServiceStub> {
    private ShippingServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ShippingServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ShippingServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * The shipment of a cart: NOT_FOUND where the cart was not checked out, or that has not arrived here yet.
     * </pre>
     */
    public void getShipment(shipping.v1.ShippingApi.GetShipmentRequest request,
        io.grpc.stub.StreamObserver<shipping.v1.ShippingApi.GetShipmentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetShipmentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The shipment of a cart now, and again whenever it changes, until it is dispatched. It waits for one that is not
     * there yet.
     * </pre>
     */
    public void trackShipment(shipping.v1.ShippingApi.TrackShipmentRequest request,
        io.grpc.stub.StreamObserver<shipping.v1.ShippingApi.TrackShipmentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getTrackShipmentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Sends a shipment on its way; a second time it changes nothing. FAILED_PRECONDITION where there is none.
     * </pre>
     */
    public void dispatch(shipping.v1.ShippingApi.DispatchRequest request,
        io.grpc.stub.StreamObserver<shipping.v1.ShippingApi.DispatchResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDispatchMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ShippingService.
   * <pre>
   * Looks after shipments. There is one for each cart that was checked out.
   * </pre>
   */
  public static final class ShippingServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<ShippingServiceBlockingV2Stub> {
    private ShippingServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ShippingServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ShippingServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * The shipment of a cart: NOT_FOUND where the cart was not checked out, or that has not arrived here yet.
     * </pre>
     */
    public shipping.v1.ShippingApi.GetShipmentResponse getShipment(shipping.v1.ShippingApi.GetShipmentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetShipmentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The shipment of a cart now, and again whenever it changes, until it is dispatched. It waits for one that is not
     * there yet.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, shipping.v1.ShippingApi.TrackShipmentResponse>
        trackShipment(shipping.v1.ShippingApi.TrackShipmentRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getTrackShipmentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sends a shipment on its way; a second time it changes nothing. FAILED_PRECONDITION where there is none.
     * </pre>
     */
    public shipping.v1.ShippingApi.DispatchResponse dispatch(shipping.v1.ShippingApi.DispatchRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDispatchMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service ShippingService.
   * <pre>
   * Looks after shipments. There is one for each cart that was checked out.
   * </pre>
   */
  public static final class ShippingServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ShippingServiceBlockingStub> {
    private ShippingServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ShippingServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ShippingServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * The shipment of a cart: NOT_FOUND where the cart was not checked out, or that has not arrived here yet.
     * </pre>
     */
    public shipping.v1.ShippingApi.GetShipmentResponse getShipment(shipping.v1.ShippingApi.GetShipmentRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetShipmentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The shipment of a cart now, and again whenever it changes, until it is dispatched. It waits for one that is not
     * there yet.
     * </pre>
     */
    public java.util.Iterator<shipping.v1.ShippingApi.TrackShipmentResponse> trackShipment(
        shipping.v1.ShippingApi.TrackShipmentRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getTrackShipmentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sends a shipment on its way; a second time it changes nothing. FAILED_PRECONDITION where there is none.
     * </pre>
     */
    public shipping.v1.ShippingApi.DispatchResponse dispatch(shipping.v1.ShippingApi.DispatchRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDispatchMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ShippingService.
   * <pre>
   * Looks after shipments. There is one for each cart that was checked out.
   * </pre>
   */
  public static final class ShippingServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<ShippingServiceFutureStub> {
    private ShippingServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ShippingServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ShippingServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * The shipment of a cart: NOT_FOUND where the cart was not checked out, or that has not arrived here yet.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shipping.v1.ShippingApi.GetShipmentResponse> getShipment(
        shipping.v1.ShippingApi.GetShipmentRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetShipmentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Sends a shipment on its way; a second time it changes nothing. FAILED_PRECONDITION where there is none.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<shipping.v1.ShippingApi.DispatchResponse> dispatch(
        shipping.v1.ShippingApi.DispatchRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDispatchMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET_SHIPMENT = 0;
  private static final int METHODID_TRACK_SHIPMENT = 1;
  private static final int METHODID_DISPATCH = 2;

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
        case METHODID_GET_SHIPMENT:
          serviceImpl.getShipment((shipping.v1.ShippingApi.GetShipmentRequest) request,
              (io.grpc.stub.StreamObserver<shipping.v1.ShippingApi.GetShipmentResponse>) responseObserver);
          break;
        case METHODID_TRACK_SHIPMENT:
          serviceImpl.trackShipment((shipping.v1.ShippingApi.TrackShipmentRequest) request,
              (io.grpc.stub.StreamObserver<shipping.v1.ShippingApi.TrackShipmentResponse>) responseObserver);
          break;
        case METHODID_DISPATCH:
          serviceImpl.dispatch((shipping.v1.ShippingApi.DispatchRequest) request,
              (io.grpc.stub.StreamObserver<shipping.v1.ShippingApi.DispatchResponse>) responseObserver);
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
          getGetShipmentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shipping.v1.ShippingApi.GetShipmentRequest,
              shipping.v1.ShippingApi.GetShipmentResponse>(
                service, METHODID_GET_SHIPMENT)))
        .addMethod(
          getTrackShipmentMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              shipping.v1.ShippingApi.TrackShipmentRequest,
              shipping.v1.ShippingApi.TrackShipmentResponse>(
                service, METHODID_TRACK_SHIPMENT)))
        .addMethod(
          getDispatchMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              shipping.v1.ShippingApi.DispatchRequest,
              shipping.v1.ShippingApi.DispatchResponse>(
                service, METHODID_DISPATCH)))
        .build();
  }

  private static abstract class ShippingServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    ShippingServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return shipping.v1.ShippingApi.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("ShippingService");
    }
  }

  private static final class ShippingServiceFileDescriptorSupplier
      extends ShippingServiceBaseDescriptorSupplier {
    ShippingServiceFileDescriptorSupplier() {}
  }

  private static final class ShippingServiceMethodDescriptorSupplier
      extends ShippingServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    ShippingServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (ShippingServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new ShippingServiceFileDescriptorSupplier())
              .addMethod(getGetShipmentMethod())
              .addMethod(getTrackShipmentMethod())
              .addMethod(getDispatchMethod())
              .build();
        }
      }
    }
    return result;
  }
}
