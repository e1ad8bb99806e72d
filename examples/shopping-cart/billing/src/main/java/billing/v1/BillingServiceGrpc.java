package billing.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Writes invoices. There is one for each cart that was checked out.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class BillingServiceGrpc {

  private BillingServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "billing.v1.BillingService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<billing.v1.BillingApi.GetInvoiceRequest,
      billing.v1.BillingApi.GetInvoiceResponse> getGetInvoiceMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetInvoice",
      requestType = billing.v1.BillingApi.GetInvoiceRequest.class,
      responseType = billing.v1.BillingApi.GetInvoiceResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<billing.v1.BillingApi.GetInvoiceRequest,
      billing.v1.BillingApi.GetInvoiceResponse> getGetInvoiceMethod() {
    io.grpc.MethodDescriptor<billing.v1.BillingApi.GetInvoiceRequest, billing.v1.BillingApi.GetInvoiceResponse> getGetInvoiceMethod;
    if ((getGetInvoiceMethod = BillingServiceGrpc.getGetInvoiceMethod) == null) {
      synchronized (BillingServiceGrpc.class) {
        if ((getGetInvoiceMethod = BillingServiceGrpc.getGetInvoiceMethod) == null) {
          BillingServiceGrpc.getGetInvoiceMethod = getGetInvoiceMethod =
              io.grpc.MethodDescriptor.<billing.v1.BillingApi.GetInvoiceRequest, billing.v1.BillingApi.GetInvoiceResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetInvoice"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  billing.v1.BillingApi.GetInvoiceRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  billing.v1.BillingApi.GetInvoiceResponse.getDefaultInstance()))
              .setSchemaDescriptor(new BillingServiceMethodDescriptorSupplier("GetInvoice"))
              .build();
        }
      }
    }
    return getGetInvoiceMethod;
  }

  private static volatile io.grpc.MethodDescriptor<billing.v1.BillingApi.ListInvoicesRequest,
      billing.v1.BillingApi.ListInvoicesResponse> getListInvoicesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListInvoices",
      requestType = billing.v1.BillingApi.ListInvoicesRequest.class,
      responseType = billing.v1.BillingApi.ListInvoicesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<billing.v1.BillingApi.ListInvoicesRequest,
      billing.v1.BillingApi.ListInvoicesResponse> getListInvoicesMethod() {
    io.grpc.MethodDescriptor<billing.v1.BillingApi.ListInvoicesRequest, billing.v1.BillingApi.ListInvoicesResponse> getListInvoicesMethod;
    if ((getListInvoicesMethod = BillingServiceGrpc.getListInvoicesMethod) == null) {
      synchronized (BillingServiceGrpc.class) {
        if ((getListInvoicesMethod = BillingServiceGrpc.getListInvoicesMethod) == null) {
          BillingServiceGrpc.getListInvoicesMethod = getListInvoicesMethod =
              io.grpc.MethodDescriptor.<billing.v1.BillingApi.ListInvoicesRequest, billing.v1.BillingApi.ListInvoicesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListInvoices"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  billing.v1.BillingApi.ListInvoicesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  billing.v1.BillingApi.ListInvoicesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new BillingServiceMethodDescriptorSupplier("ListInvoices"))
              .build();
        }
      }
    }
    return getListInvoicesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<billing.v1.BillingApi.PayRequest,
      billing.v1.BillingApi.PayResponse> getPayMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Pay",
      requestType = billing.v1.BillingApi.PayRequest.class,
      responseType = billing.v1.BillingApi.PayResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<billing.v1.BillingApi.PayRequest,
      billing.v1.BillingApi.PayResponse> getPayMethod() {
    io.grpc.MethodDescriptor<billing.v1.BillingApi.PayRequest, billing.v1.BillingApi.PayResponse> getPayMethod;
    if ((getPayMethod = BillingServiceGrpc.getPayMethod) == null) {
      synchronized (BillingServiceGrpc.class) {
        if ((getPayMethod = BillingServiceGrpc.getPayMethod) == null) {
          BillingServiceGrpc.getPayMethod = getPayMethod =
              io.grpc.MethodDescriptor.<billing.v1.BillingApi.PayRequest, billing.v1.BillingApi.PayResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Pay"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  billing.v1.BillingApi.PayRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  billing.v1.BillingApi.PayResponse.getDefaultInstance()))
              .setSchemaDescriptor(new BillingServiceMethodDescriptorSupplier("Pay"))
              .build();
        }
      }
    }
    return getPayMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static BillingServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<BillingServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<BillingServiceStub>() {
        @java.lang.Override
        public BillingServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new BillingServiceStub(channel, callOptions);
        }
      };
    return BillingServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static BillingServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<BillingServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<BillingServiceBlockingV2Stub>() {
        @java.lang.Override
        public BillingServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new BillingServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return BillingServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static BillingServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<BillingServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<BillingServiceBlockingStub>() {
        @java.lang.Override
        public BillingServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new BillingServiceBlockingStub(channel, callOptions);
        }
      };
    return BillingServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static BillingServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<BillingServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<BillingServiceFutureStub>() {
        @java.lang.Override
        public BillingServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new BillingServiceFutureStub(channel, callOptions);
        }
      };
    return BillingServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Writes invoices. There is one for each cart that was checked out.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * The invoice of a cart: NOT_FOUND where the cart was not checked out, or that has not arrived here yet.
     * </pre>
     */
    default void getInvoice(billing.v1.BillingApi.GetInvoiceRequest request,
        io.grpc.stub.StreamObserver<billing.v1.BillingApi.GetInvoiceResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetInvoiceMethod(), responseObserver);
    }

    /**
     * <pre>
     * All invoices, by cart.
     * </pre>
     */
    default void listInvoices(billing.v1.BillingApi.ListInvoicesRequest request,
        io.grpc.stub.StreamObserver<billing.v1.BillingApi.ListInvoicesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListInvoicesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Notes that an invoice was paid, and has its shipment dispatched; a second time it changes nothing.
     * FAILED_PRECONDITION where there is none.
     * </pre>
     */
    default void pay(billing.v1.BillingApi.PayRequest request,
        io.grpc.stub.StreamObserver<billing.v1.BillingApi.PayResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPayMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service BillingService.
   * <pre>
   * Writes invoices. There is one for each cart that was checked out.
   * </pre>
   */
  public static abstract class BillingServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return BillingServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service BillingService.
   * <pre>
   * Writes invoices. There is one for each cart that was checked out.
   * </pre>
   */
  public static final class BillingServiceStub
      extends io.grpc.stub.AbstractAsyncStub<BillingServiceStub> {
    private BillingServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected BillingServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new BillingServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * The invoice of a cart: NOT_FOUND where the cart was not checked out, or that has not arrived here yet.
     * </pre>
     */
    public void getInvoice(billing.v1.BillingApi.GetInvoiceRequest request,
        io.grpc.stub.StreamObserver<billing.v1.BillingApi.GetInvoiceResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetInvoiceMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * All invoices, by cart.
     * </pre>
     */
    public void listInvoices(billing.v1.BillingApi.ListInvoicesRequest request,
        io.grpc.stub.StreamObserver<billing.v1.BillingApi.ListInvoicesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getListInvoicesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Notes that an invoice was paid, and has its shipment dispatched; a second time it changes nothing.
     * FAILED_PRECONDITION where there is none.
     * </pre>
     */
    public void pay(billing.v1.BillingApi.PayRequest request,
        io.grpc.stub.StreamObserver<billing.v1.BillingApi.PayResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getPayMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service BillingService.
   * <pre>
   * Writes invoices. There is one for each cart that was checked out.
   * </pre>
   */
  public static final class BillingServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<BillingServiceBlockingV2Stub> {
    private BillingServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected BillingServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new BillingServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * The invoice of a cart: NOT_FOUND where the cart was not checked out, or that has not arrived here yet.
     * </pre>
     */
    public billing.v1.BillingApi.GetInvoiceResponse getInvoice(billing.v1.BillingApi.GetInvoiceRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetInvoiceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * All invoices, by cart.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, billing.v1.BillingApi.ListInvoicesResponse>
        listInvoices(billing.v1.BillingApi.ListInvoicesRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getListInvoicesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Notes that an invoice was paid, and has its shipment dispatched; a second time it changes nothing.
     * FAILED_PRECONDITION where there is none.
     * </pre>
     */
    public billing.v1.BillingApi.PayResponse pay(billing.v1.BillingApi.PayRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPayMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service BillingService.
   * <pre>
   * Writes invoices. There is one for each cart that was checked out.
   * </pre>
   */
  public static final class BillingServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<BillingServiceBlockingStub> {
    private BillingServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected BillingServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new BillingServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * The invoice of a cart: NOT_FOUND where the cart was not checked out, or that has not arrived here yet.
     * </pre>
     */
    public billing.v1.BillingApi.GetInvoiceResponse getInvoice(billing.v1.BillingApi.GetInvoiceRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetInvoiceMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * All invoices, by cart.
     * </pre>
     */
    public java.util.Iterator<billing.v1.BillingApi.ListInvoicesResponse> listInvoices(
        billing.v1.BillingApi.ListInvoicesRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getListInvoicesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Notes that an invoice was paid, and has its shipment dispatched; a second time it changes nothing.
     * FAILED_PRECONDITION where there is none.
     * </pre>
     */
    public billing.v1.BillingApi.PayResponse pay(billing.v1.BillingApi.PayRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getPayMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service BillingService.
   * <pre>
   * Writes invoices. There is one for each cart that was checked out.
   * </pre>
   */
  public static final class BillingServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<BillingServiceFutureStub> {
    private BillingServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected BillingServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new BillingServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * The invoice of a cart: NOT_FOUND where the cart was not checked out, or that has not arrived here yet.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<billing.v1.BillingApi.GetInvoiceResponse> getInvoice(
        billing.v1.BillingApi.GetInvoiceRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetInvoiceMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Notes that an invoice was paid, and has its shipment dispatched; a second time it changes nothing.
     * FAILED_PRECONDITION where there is none.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<billing.v1.BillingApi.PayResponse> pay(
        billing.v1.BillingApi.PayRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getPayMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET_INVOICE = 0;
  private static final int METHODID_LIST_INVOICES = 1;
  private static final int METHODID_PAY = 2;

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
        case METHODID_GET_INVOICE:
          serviceImpl.getInvoice((billing.v1.BillingApi.GetInvoiceRequest) request,
              (io.grpc.stub.StreamObserver<billing.v1.BillingApi.GetInvoiceResponse>) responseObserver);
          break;
        case METHODID_LIST_INVOICES:
          serviceImpl.listInvoices((billing.v1.BillingApi.ListInvoicesRequest) request,
              (io.grpc.stub.StreamObserver<billing.v1.BillingApi.ListInvoicesResponse>) responseObserver);
          break;
        case METHODID_PAY:
          serviceImpl.pay((billing.v1.BillingApi.PayRequest) request,
              (io.grpc.stub.StreamObserver<billing.v1.BillingApi.PayResponse>) responseObserver);
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
          getGetInvoiceMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              billing.v1.BillingApi.GetInvoiceRequest,
              billing.v1.BillingApi.GetInvoiceResponse>(
                service, METHODID_GET_INVOICE)))
        .addMethod(
          getListInvoicesMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              billing.v1.BillingApi.ListInvoicesRequest,
              billing.v1.BillingApi.ListInvoicesResponse>(
                service, METHODID_LIST_INVOICES)))
        .addMethod(
          getPayMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              billing.v1.BillingApi.PayRequest,
              billing.v1.BillingApi.PayResponse>(
                service, METHODID_PAY)))
        .build();
  }

  private static abstract class BillingServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    BillingServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return billing.v1.BillingApi.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("BillingService");
    }
  }

  private static final class BillingServiceFileDescriptorSupplier
      extends BillingServiceBaseDescriptorSupplier {
    BillingServiceFileDescriptorSupplier() {}
  }

  private static final class BillingServiceMethodDescriptorSupplier
      extends BillingServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    BillingServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (BillingServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new BillingServiceFileDescriptorSupplier())
              .addMethod(getGetInvoiceMethod())
              .addMethod(getListInvoicesMethod())
              .addMethod(getPayMethod())
              .build();
        }
      }
    }
    return result;
  }
}
