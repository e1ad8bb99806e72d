package samspel.scenario.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * What is called.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class ScenarioServiceGrpc {

  private ScenarioServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "samspel.scenario.v1.ScenarioService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.EchoRequest,
      samspel.scenario.v1.Scenario.EchoResponse> getEchoMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Echo",
      requestType = samspel.scenario.v1.Scenario.EchoRequest.class,
      responseType = samspel.scenario.v1.Scenario.EchoResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.EchoRequest,
      samspel.scenario.v1.Scenario.EchoResponse> getEchoMethod() {
    io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.EchoRequest, samspel.scenario.v1.Scenario.EchoResponse> getEchoMethod;
    if ((getEchoMethod = ScenarioServiceGrpc.getEchoMethod) == null) {
      synchronized (ScenarioServiceGrpc.class) {
        if ((getEchoMethod = ScenarioServiceGrpc.getEchoMethod) == null) {
          ScenarioServiceGrpc.getEchoMethod = getEchoMethod =
              io.grpc.MethodDescriptor.<samspel.scenario.v1.Scenario.EchoRequest, samspel.scenario.v1.Scenario.EchoResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Echo"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.EchoRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.EchoResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioServiceMethodDescriptorSupplier("Echo"))
              .build();
        }
      }
    }
    return getEchoMethod;
  }

  private static volatile io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.CountRequest,
      samspel.scenario.v1.Scenario.CountResponse> getCountMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Count",
      requestType = samspel.scenario.v1.Scenario.CountRequest.class,
      responseType = samspel.scenario.v1.Scenario.CountResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.CountRequest,
      samspel.scenario.v1.Scenario.CountResponse> getCountMethod() {
    io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.CountRequest, samspel.scenario.v1.Scenario.CountResponse> getCountMethod;
    if ((getCountMethod = ScenarioServiceGrpc.getCountMethod) == null) {
      synchronized (ScenarioServiceGrpc.class) {
        if ((getCountMethod = ScenarioServiceGrpc.getCountMethod) == null) {
          ScenarioServiceGrpc.getCountMethod = getCountMethod =
              io.grpc.MethodDescriptor.<samspel.scenario.v1.Scenario.CountRequest, samspel.scenario.v1.Scenario.CountResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Count"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.CountRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.CountResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioServiceMethodDescriptorSupplier("Count"))
              .build();
        }
      }
    }
    return getCountMethod;
  }

  private static volatile io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.SumRequest,
      samspel.scenario.v1.Scenario.SumResponse> getSumMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Sum",
      requestType = samspel.scenario.v1.Scenario.SumRequest.class,
      responseType = samspel.scenario.v1.Scenario.SumResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.CLIENT_STREAMING)
  public static io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.SumRequest,
      samspel.scenario.v1.Scenario.SumResponse> getSumMethod() {
    io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.SumRequest, samspel.scenario.v1.Scenario.SumResponse> getSumMethod;
    if ((getSumMethod = ScenarioServiceGrpc.getSumMethod) == null) {
      synchronized (ScenarioServiceGrpc.class) {
        if ((getSumMethod = ScenarioServiceGrpc.getSumMethod) == null) {
          ScenarioServiceGrpc.getSumMethod = getSumMethod =
              io.grpc.MethodDescriptor.<samspel.scenario.v1.Scenario.SumRequest, samspel.scenario.v1.Scenario.SumResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.CLIENT_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Sum"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.SumRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.SumResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioServiceMethodDescriptorSupplier("Sum"))
              .build();
        }
      }
    }
    return getSumMethod;
  }

  private static volatile io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.ChatRequest,
      samspel.scenario.v1.Scenario.ChatResponse> getChatMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Chat",
      requestType = samspel.scenario.v1.Scenario.ChatRequest.class,
      responseType = samspel.scenario.v1.Scenario.ChatResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.ChatRequest,
      samspel.scenario.v1.Scenario.ChatResponse> getChatMethod() {
    io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.ChatRequest, samspel.scenario.v1.Scenario.ChatResponse> getChatMethod;
    if ((getChatMethod = ScenarioServiceGrpc.getChatMethod) == null) {
      synchronized (ScenarioServiceGrpc.class) {
        if ((getChatMethod = ScenarioServiceGrpc.getChatMethod) == null) {
          ScenarioServiceGrpc.getChatMethod = getChatMethod =
              io.grpc.MethodDescriptor.<samspel.scenario.v1.Scenario.ChatRequest, samspel.scenario.v1.Scenario.ChatResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Chat"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.ChatRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.ChatResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioServiceMethodDescriptorSupplier("Chat"))
              .build();
        }
      }
    }
    return getChatMethod;
  }

  private static volatile io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.FailRequest,
      samspel.scenario.v1.Scenario.FailResponse> getFailMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Fail",
      requestType = samspel.scenario.v1.Scenario.FailRequest.class,
      responseType = samspel.scenario.v1.Scenario.FailResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.FailRequest,
      samspel.scenario.v1.Scenario.FailResponse> getFailMethod() {
    io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.FailRequest, samspel.scenario.v1.Scenario.FailResponse> getFailMethod;
    if ((getFailMethod = ScenarioServiceGrpc.getFailMethod) == null) {
      synchronized (ScenarioServiceGrpc.class) {
        if ((getFailMethod = ScenarioServiceGrpc.getFailMethod) == null) {
          ScenarioServiceGrpc.getFailMethod = getFailMethod =
              io.grpc.MethodDescriptor.<samspel.scenario.v1.Scenario.FailRequest, samspel.scenario.v1.Scenario.FailResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Fail"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.FailRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.FailResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioServiceMethodDescriptorSupplier("Fail"))
              .build();
        }
      }
    }
    return getFailMethod;
  }

  private static volatile io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.WaitRequest,
      samspel.scenario.v1.Scenario.WaitResponse> getWaitMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Wait",
      requestType = samspel.scenario.v1.Scenario.WaitRequest.class,
      responseType = samspel.scenario.v1.Scenario.WaitResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.WaitRequest,
      samspel.scenario.v1.Scenario.WaitResponse> getWaitMethod() {
    io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.WaitRequest, samspel.scenario.v1.Scenario.WaitResponse> getWaitMethod;
    if ((getWaitMethod = ScenarioServiceGrpc.getWaitMethod) == null) {
      synchronized (ScenarioServiceGrpc.class) {
        if ((getWaitMethod = ScenarioServiceGrpc.getWaitMethod) == null) {
          ScenarioServiceGrpc.getWaitMethod = getWaitMethod =
              io.grpc.MethodDescriptor.<samspel.scenario.v1.Scenario.WaitRequest, samspel.scenario.v1.Scenario.WaitResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Wait"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.WaitRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.WaitResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioServiceMethodDescriptorSupplier("Wait"))
              .build();
        }
      }
    }
    return getWaitMethod;
  }

  private static volatile io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.WaitedRequest,
      samspel.scenario.v1.Scenario.WaitedResponse> getWaitedMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Waited",
      requestType = samspel.scenario.v1.Scenario.WaitedRequest.class,
      responseType = samspel.scenario.v1.Scenario.WaitedResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.WaitedRequest,
      samspel.scenario.v1.Scenario.WaitedResponse> getWaitedMethod() {
    io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.WaitedRequest, samspel.scenario.v1.Scenario.WaitedResponse> getWaitedMethod;
    if ((getWaitedMethod = ScenarioServiceGrpc.getWaitedMethod) == null) {
      synchronized (ScenarioServiceGrpc.class) {
        if ((getWaitedMethod = ScenarioServiceGrpc.getWaitedMethod) == null) {
          ScenarioServiceGrpc.getWaitedMethod = getWaitedMethod =
              io.grpc.MethodDescriptor.<samspel.scenario.v1.Scenario.WaitedRequest, samspel.scenario.v1.Scenario.WaitedResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Waited"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.WaitedRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.WaitedResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioServiceMethodDescriptorSupplier("Waited"))
              .build();
        }
      }
    }
    return getWaitedMethod;
  }

  private static volatile io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.MetadataRequest,
      samspel.scenario.v1.Scenario.MetadataResponse> getMetadataMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Metadata",
      requestType = samspel.scenario.v1.Scenario.MetadataRequest.class,
      responseType = samspel.scenario.v1.Scenario.MetadataResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.MetadataRequest,
      samspel.scenario.v1.Scenario.MetadataResponse> getMetadataMethod() {
    io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.MetadataRequest, samspel.scenario.v1.Scenario.MetadataResponse> getMetadataMethod;
    if ((getMetadataMethod = ScenarioServiceGrpc.getMetadataMethod) == null) {
      synchronized (ScenarioServiceGrpc.class) {
        if ((getMetadataMethod = ScenarioServiceGrpc.getMetadataMethod) == null) {
          ScenarioServiceGrpc.getMetadataMethod = getMetadataMethod =
              io.grpc.MethodDescriptor.<samspel.scenario.v1.Scenario.MetadataRequest, samspel.scenario.v1.Scenario.MetadataResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Metadata"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.MetadataRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.MetadataResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioServiceMethodDescriptorSupplier("Metadata"))
              .build();
        }
      }
    }
    return getMetadataMethod;
  }

  private static volatile io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.NoteRequest,
      samspel.scenario.v1.Scenario.NoteResponse> getNoteMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Note",
      requestType = samspel.scenario.v1.Scenario.NoteRequest.class,
      responseType = samspel.scenario.v1.Scenario.NoteResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.NoteRequest,
      samspel.scenario.v1.Scenario.NoteResponse> getNoteMethod() {
    io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.NoteRequest, samspel.scenario.v1.Scenario.NoteResponse> getNoteMethod;
    if ((getNoteMethod = ScenarioServiceGrpc.getNoteMethod) == null) {
      synchronized (ScenarioServiceGrpc.class) {
        if ((getNoteMethod = ScenarioServiceGrpc.getNoteMethod) == null) {
          ScenarioServiceGrpc.getNoteMethod = getNoteMethod =
              io.grpc.MethodDescriptor.<samspel.scenario.v1.Scenario.NoteRequest, samspel.scenario.v1.Scenario.NoteResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Note"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.NoteRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.NoteResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioServiceMethodDescriptorSupplier("Note"))
              .build();
        }
      }
    }
    return getNoteMethod;
  }

  private static volatile io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.NotesRequest,
      samspel.scenario.v1.Scenario.NotesResponse> getNotesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Notes",
      requestType = samspel.scenario.v1.Scenario.NotesRequest.class,
      responseType = samspel.scenario.v1.Scenario.NotesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.NotesRequest,
      samspel.scenario.v1.Scenario.NotesResponse> getNotesMethod() {
    io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.NotesRequest, samspel.scenario.v1.Scenario.NotesResponse> getNotesMethod;
    if ((getNotesMethod = ScenarioServiceGrpc.getNotesMethod) == null) {
      synchronized (ScenarioServiceGrpc.class) {
        if ((getNotesMethod = ScenarioServiceGrpc.getNotesMethod) == null) {
          ScenarioServiceGrpc.getNotesMethod = getNotesMethod =
              io.grpc.MethodDescriptor.<samspel.scenario.v1.Scenario.NotesRequest, samspel.scenario.v1.Scenario.NotesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Notes"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.NotesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.NotesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioServiceMethodDescriptorSupplier("Notes"))
              .build();
        }
      }
    }
    return getNotesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.ConsumedRequest,
      samspel.scenario.v1.Scenario.ConsumedResponse> getConsumedMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Consumed",
      requestType = samspel.scenario.v1.Scenario.ConsumedRequest.class,
      responseType = samspel.scenario.v1.Scenario.ConsumedResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.ConsumedRequest,
      samspel.scenario.v1.Scenario.ConsumedResponse> getConsumedMethod() {
    io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.ConsumedRequest, samspel.scenario.v1.Scenario.ConsumedResponse> getConsumedMethod;
    if ((getConsumedMethod = ScenarioServiceGrpc.getConsumedMethod) == null) {
      synchronized (ScenarioServiceGrpc.class) {
        if ((getConsumedMethod = ScenarioServiceGrpc.getConsumedMethod) == null) {
          ScenarioServiceGrpc.getConsumedMethod = getConsumedMethod =
              io.grpc.MethodDescriptor.<samspel.scenario.v1.Scenario.ConsumedRequest, samspel.scenario.v1.Scenario.ConsumedResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Consumed"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.ConsumedRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.ConsumedResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioServiceMethodDescriptorSupplier("Consumed"))
              .build();
        }
      }
    }
    return getConsumedMethod;
  }

  private static volatile io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.CallerRequest,
      samspel.scenario.v1.Scenario.CallerResponse> getCallerMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Caller",
      requestType = samspel.scenario.v1.Scenario.CallerRequest.class,
      responseType = samspel.scenario.v1.Scenario.CallerResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.CallerRequest,
      samspel.scenario.v1.Scenario.CallerResponse> getCallerMethod() {
    io.grpc.MethodDescriptor<samspel.scenario.v1.Scenario.CallerRequest, samspel.scenario.v1.Scenario.CallerResponse> getCallerMethod;
    if ((getCallerMethod = ScenarioServiceGrpc.getCallerMethod) == null) {
      synchronized (ScenarioServiceGrpc.class) {
        if ((getCallerMethod = ScenarioServiceGrpc.getCallerMethod) == null) {
          ScenarioServiceGrpc.getCallerMethod = getCallerMethod =
              io.grpc.MethodDescriptor.<samspel.scenario.v1.Scenario.CallerRequest, samspel.scenario.v1.Scenario.CallerResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Caller"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.CallerRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  samspel.scenario.v1.Scenario.CallerResponse.getDefaultInstance()))
              .setSchemaDescriptor(new ScenarioServiceMethodDescriptorSupplier("Caller"))
              .build();
        }
      }
    }
    return getCallerMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static ScenarioServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScenarioServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScenarioServiceStub>() {
        @java.lang.Override
        public ScenarioServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScenarioServiceStub(channel, callOptions);
        }
      };
    return ScenarioServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static ScenarioServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScenarioServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScenarioServiceBlockingV2Stub>() {
        @java.lang.Override
        public ScenarioServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScenarioServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return ScenarioServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static ScenarioServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScenarioServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScenarioServiceBlockingStub>() {
        @java.lang.Override
        public ScenarioServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScenarioServiceBlockingStub(channel, callOptions);
        }
      };
    return ScenarioServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static ScenarioServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<ScenarioServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<ScenarioServiceFutureStub>() {
        @java.lang.Override
        public ScenarioServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new ScenarioServiceFutureStub(channel, callOptions);
        }
      };
    return ScenarioServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * What is called.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Answers what it was asked.
     * </pre>
     */
    default void echo(samspel.scenario.v1.Scenario.EchoRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.EchoResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getEchoMethod(), responseObserver);
    }

    /**
     * <pre>
     * Counts from 1.
     * </pre>
     */
    default void count(samspel.scenario.v1.Scenario.CountRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.CountResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCountMethod(), responseObserver);
    }

    /**
     * <pre>
     * Adds what it is sent.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.SumRequest> sum(
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.SumResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getSumMethod(), responseObserver);
    }

    /**
     * <pre>
     * Answers each text at once, in upper case.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.ChatRequest> chat(
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.ChatResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getChatMethod(), responseObserver);
    }

    /**
     * <pre>
     * Fails as it is told to.
     * </pre>
     */
    default void fail(samspel.scenario.v1.Scenario.FailRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.FailResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getFailMethod(), responseObserver);
    }

    /**
     * <pre>
     * Waits, unless its call ends before.
     * </pre>
     */
    default void wait(samspel.scenario.v1.Scenario.WaitRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.WaitResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWaitMethod(), responseObserver);
    }

    /**
     * <pre>
     * How a call of Wait ended.
     * </pre>
     */
    default void waited(samspel.scenario.v1.Scenario.WaitedRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.WaitedResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWaitedMethod(), responseObserver);
    }

    /**
     * <pre>
     * Answers the metadata that came, and sends some of its own.
     * </pre>
     */
    default void metadata(samspel.scenario.v1.Scenario.MetadataRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.MetadataResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getMetadataMethod(), responseObserver);
    }

    /**
     * <pre>
     * Notes a text, once for each command id. This one is told, too.
     * </pre>
     */
    default void note(samspel.scenario.v1.Scenario.NoteRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.NoteResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getNoteMethod(), responseObserver);
    }

    /**
     * <pre>
     * The notes of a key, in the order in which they were taken.
     * </pre>
     */
    default void notes(samspel.scenario.v1.Scenario.NotesRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.NotesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getNotesMethod(), responseObserver);
    }

    /**
     * <pre>
     * What the service consumed of ScenarioTopics.Happened as the group `scenario`, with an inbox.
     * </pre>
     */
    default void consumed(samspel.scenario.v1.Scenario.ConsumedRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.ConsumedResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getConsumedMethod(), responseObserver);
    }

    /**
     * <pre>
     * Who calls, by its certificate.
     * </pre>
     */
    default void caller(samspel.scenario.v1.Scenario.CallerRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.CallerResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCallerMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service ScenarioService.
   * <pre>
   * What is called.
   * </pre>
   */
  public static abstract class ScenarioServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return ScenarioServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service ScenarioService.
   * <pre>
   * What is called.
   * </pre>
   */
  public static final class ScenarioServiceStub
      extends io.grpc.stub.AbstractAsyncStub<ScenarioServiceStub> {
    private ScenarioServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScenarioServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScenarioServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Answers what it was asked.
     * </pre>
     */
    public void echo(samspel.scenario.v1.Scenario.EchoRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.EchoResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getEchoMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Counts from 1.
     * </pre>
     */
    public void count(samspel.scenario.v1.Scenario.CountRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.CountResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getCountMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Adds what it is sent.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.SumRequest> sum(
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.SumResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncClientStreamingCall(
          getChannel().newCall(getSumMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Answers each text at once, in upper case.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.ChatRequest> chat(
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.ChatResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getChatMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Fails as it is told to.
     * </pre>
     */
    public void fail(samspel.scenario.v1.Scenario.FailRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.FailResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getFailMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Waits, unless its call ends before.
     * </pre>
     */
    public void wait(samspel.scenario.v1.Scenario.WaitRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.WaitResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getWaitMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * How a call of Wait ended.
     * </pre>
     */
    public void waited(samspel.scenario.v1.Scenario.WaitedRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.WaitedResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getWaitedMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Answers the metadata that came, and sends some of its own.
     * </pre>
     */
    public void metadata(samspel.scenario.v1.Scenario.MetadataRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.MetadataResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getMetadataMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Notes a text, once for each command id. This one is told, too.
     * </pre>
     */
    public void note(samspel.scenario.v1.Scenario.NoteRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.NoteResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getNoteMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The notes of a key, in the order in which they were taken.
     * </pre>
     */
    public void notes(samspel.scenario.v1.Scenario.NotesRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.NotesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getNotesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * What the service consumed of ScenarioTopics.Happened as the group `scenario`, with an inbox.
     * </pre>
     */
    public void consumed(samspel.scenario.v1.Scenario.ConsumedRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.ConsumedResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getConsumedMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Who calls, by its certificate.
     * </pre>
     */
    public void caller(samspel.scenario.v1.Scenario.CallerRequest request,
        io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.CallerResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCallerMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service ScenarioService.
   * <pre>
   * What is called.
   * </pre>
   */
  public static final class ScenarioServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<ScenarioServiceBlockingV2Stub> {
    private ScenarioServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScenarioServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScenarioServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Answers what it was asked.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.EchoResponse echo(samspel.scenario.v1.Scenario.EchoRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getEchoMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Counts from 1.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, samspel.scenario.v1.Scenario.CountResponse>
        count(samspel.scenario.v1.Scenario.CountRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getCountMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds what it is sent.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<samspel.scenario.v1.Scenario.SumRequest, samspel.scenario.v1.Scenario.SumResponse>
        sum() {
      return io.grpc.stub.ClientCalls.blockingClientStreamingCall(
          getChannel(), getSumMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Answers each text at once, in upper case.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<samspel.scenario.v1.Scenario.ChatRequest, samspel.scenario.v1.Scenario.ChatResponse>
        chat() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getChatMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Fails as it is told to.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.FailResponse fail(samspel.scenario.v1.Scenario.FailRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getFailMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Waits, unless its call ends before.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.WaitResponse wait(samspel.scenario.v1.Scenario.WaitRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getWaitMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * How a call of Wait ended.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.WaitedResponse waited(samspel.scenario.v1.Scenario.WaitedRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getWaitedMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Answers the metadata that came, and sends some of its own.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.MetadataResponse metadata(samspel.scenario.v1.Scenario.MetadataRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getMetadataMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Notes a text, once for each command id. This one is told, too.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.NoteResponse note(samspel.scenario.v1.Scenario.NoteRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getNoteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The notes of a key, in the order in which they were taken.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.NotesResponse notes(samspel.scenario.v1.Scenario.NotesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getNotesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What the service consumed of ScenarioTopics.Happened as the group `scenario`, with an inbox.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.ConsumedResponse consumed(samspel.scenario.v1.Scenario.ConsumedRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getConsumedMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Who calls, by its certificate.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.CallerResponse caller(samspel.scenario.v1.Scenario.CallerRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCallerMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service ScenarioService.
   * <pre>
   * What is called.
   * </pre>
   */
  public static final class ScenarioServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<ScenarioServiceBlockingStub> {
    private ScenarioServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScenarioServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScenarioServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Answers what it was asked.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.EchoResponse echo(samspel.scenario.v1.Scenario.EchoRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getEchoMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Counts from 1.
     * </pre>
     */
    public java.util.Iterator<samspel.scenario.v1.Scenario.CountResponse> count(
        samspel.scenario.v1.Scenario.CountRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getCountMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Fails as it is told to.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.FailResponse fail(samspel.scenario.v1.Scenario.FailRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getFailMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Waits, unless its call ends before.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.WaitResponse wait(samspel.scenario.v1.Scenario.WaitRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getWaitMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * How a call of Wait ended.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.WaitedResponse waited(samspel.scenario.v1.Scenario.WaitedRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getWaitedMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Answers the metadata that came, and sends some of its own.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.MetadataResponse metadata(samspel.scenario.v1.Scenario.MetadataRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getMetadataMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Notes a text, once for each command id. This one is told, too.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.NoteResponse note(samspel.scenario.v1.Scenario.NoteRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getNoteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The notes of a key, in the order in which they were taken.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.NotesResponse notes(samspel.scenario.v1.Scenario.NotesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getNotesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What the service consumed of ScenarioTopics.Happened as the group `scenario`, with an inbox.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.ConsumedResponse consumed(samspel.scenario.v1.Scenario.ConsumedRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getConsumedMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Who calls, by its certificate.
     * </pre>
     */
    public samspel.scenario.v1.Scenario.CallerResponse caller(samspel.scenario.v1.Scenario.CallerRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCallerMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service ScenarioService.
   * <pre>
   * What is called.
   * </pre>
   */
  public static final class ScenarioServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<ScenarioServiceFutureStub> {
    private ScenarioServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected ScenarioServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new ScenarioServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Answers what it was asked.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<samspel.scenario.v1.Scenario.EchoResponse> echo(
        samspel.scenario.v1.Scenario.EchoRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getEchoMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Fails as it is told to.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<samspel.scenario.v1.Scenario.FailResponse> fail(
        samspel.scenario.v1.Scenario.FailRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getFailMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Waits, unless its call ends before.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<samspel.scenario.v1.Scenario.WaitResponse> wait(
        samspel.scenario.v1.Scenario.WaitRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getWaitMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * How a call of Wait ended.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<samspel.scenario.v1.Scenario.WaitedResponse> waited(
        samspel.scenario.v1.Scenario.WaitedRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getWaitedMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Answers the metadata that came, and sends some of its own.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<samspel.scenario.v1.Scenario.MetadataResponse> metadata(
        samspel.scenario.v1.Scenario.MetadataRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getMetadataMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Notes a text, once for each command id. This one is told, too.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<samspel.scenario.v1.Scenario.NoteResponse> note(
        samspel.scenario.v1.Scenario.NoteRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getNoteMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The notes of a key, in the order in which they were taken.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<samspel.scenario.v1.Scenario.NotesResponse> notes(
        samspel.scenario.v1.Scenario.NotesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getNotesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * What the service consumed of ScenarioTopics.Happened as the group `scenario`, with an inbox.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<samspel.scenario.v1.Scenario.ConsumedResponse> consumed(
        samspel.scenario.v1.Scenario.ConsumedRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getConsumedMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Who calls, by its certificate.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<samspel.scenario.v1.Scenario.CallerResponse> caller(
        samspel.scenario.v1.Scenario.CallerRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCallerMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_ECHO = 0;
  private static final int METHODID_COUNT = 1;
  private static final int METHODID_FAIL = 2;
  private static final int METHODID_WAIT = 3;
  private static final int METHODID_WAITED = 4;
  private static final int METHODID_METADATA = 5;
  private static final int METHODID_NOTE = 6;
  private static final int METHODID_NOTES = 7;
  private static final int METHODID_CONSUMED = 8;
  private static final int METHODID_CALLER = 9;
  private static final int METHODID_SUM = 10;
  private static final int METHODID_CHAT = 11;

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
        case METHODID_ECHO:
          serviceImpl.echo((samspel.scenario.v1.Scenario.EchoRequest) request,
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.EchoResponse>) responseObserver);
          break;
        case METHODID_COUNT:
          serviceImpl.count((samspel.scenario.v1.Scenario.CountRequest) request,
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.CountResponse>) responseObserver);
          break;
        case METHODID_FAIL:
          serviceImpl.fail((samspel.scenario.v1.Scenario.FailRequest) request,
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.FailResponse>) responseObserver);
          break;
        case METHODID_WAIT:
          serviceImpl.wait((samspel.scenario.v1.Scenario.WaitRequest) request,
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.WaitResponse>) responseObserver);
          break;
        case METHODID_WAITED:
          serviceImpl.waited((samspel.scenario.v1.Scenario.WaitedRequest) request,
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.WaitedResponse>) responseObserver);
          break;
        case METHODID_METADATA:
          serviceImpl.metadata((samspel.scenario.v1.Scenario.MetadataRequest) request,
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.MetadataResponse>) responseObserver);
          break;
        case METHODID_NOTE:
          serviceImpl.note((samspel.scenario.v1.Scenario.NoteRequest) request,
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.NoteResponse>) responseObserver);
          break;
        case METHODID_NOTES:
          serviceImpl.notes((samspel.scenario.v1.Scenario.NotesRequest) request,
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.NotesResponse>) responseObserver);
          break;
        case METHODID_CONSUMED:
          serviceImpl.consumed((samspel.scenario.v1.Scenario.ConsumedRequest) request,
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.ConsumedResponse>) responseObserver);
          break;
        case METHODID_CALLER:
          serviceImpl.caller((samspel.scenario.v1.Scenario.CallerRequest) request,
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.CallerResponse>) responseObserver);
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
        case METHODID_SUM:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.sum(
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.SumResponse>) responseObserver);
        case METHODID_CHAT:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.chat(
              (io.grpc.stub.StreamObserver<samspel.scenario.v1.Scenario.ChatResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getEchoMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              samspel.scenario.v1.Scenario.EchoRequest,
              samspel.scenario.v1.Scenario.EchoResponse>(
                service, METHODID_ECHO)))
        .addMethod(
          getCountMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              samspel.scenario.v1.Scenario.CountRequest,
              samspel.scenario.v1.Scenario.CountResponse>(
                service, METHODID_COUNT)))
        .addMethod(
          getSumMethod(),
          io.grpc.stub.ServerCalls.asyncClientStreamingCall(
            new MethodHandlers<
              samspel.scenario.v1.Scenario.SumRequest,
              samspel.scenario.v1.Scenario.SumResponse>(
                service, METHODID_SUM)))
        .addMethod(
          getChatMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              samspel.scenario.v1.Scenario.ChatRequest,
              samspel.scenario.v1.Scenario.ChatResponse>(
                service, METHODID_CHAT)))
        .addMethod(
          getFailMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              samspel.scenario.v1.Scenario.FailRequest,
              samspel.scenario.v1.Scenario.FailResponse>(
                service, METHODID_FAIL)))
        .addMethod(
          getWaitMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              samspel.scenario.v1.Scenario.WaitRequest,
              samspel.scenario.v1.Scenario.WaitResponse>(
                service, METHODID_WAIT)))
        .addMethod(
          getWaitedMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              samspel.scenario.v1.Scenario.WaitedRequest,
              samspel.scenario.v1.Scenario.WaitedResponse>(
                service, METHODID_WAITED)))
        .addMethod(
          getMetadataMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              samspel.scenario.v1.Scenario.MetadataRequest,
              samspel.scenario.v1.Scenario.MetadataResponse>(
                service, METHODID_METADATA)))
        .addMethod(
          getNoteMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              samspel.scenario.v1.Scenario.NoteRequest,
              samspel.scenario.v1.Scenario.NoteResponse>(
                service, METHODID_NOTE)))
        .addMethod(
          getNotesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              samspel.scenario.v1.Scenario.NotesRequest,
              samspel.scenario.v1.Scenario.NotesResponse>(
                service, METHODID_NOTES)))
        .addMethod(
          getConsumedMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              samspel.scenario.v1.Scenario.ConsumedRequest,
              samspel.scenario.v1.Scenario.ConsumedResponse>(
                service, METHODID_CONSUMED)))
        .addMethod(
          getCallerMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              samspel.scenario.v1.Scenario.CallerRequest,
              samspel.scenario.v1.Scenario.CallerResponse>(
                service, METHODID_CALLER)))
        .build();
  }

  private static abstract class ScenarioServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    ScenarioServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return samspel.scenario.v1.Scenario.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("ScenarioService");
    }
  }

  private static final class ScenarioServiceFileDescriptorSupplier
      extends ScenarioServiceBaseDescriptorSupplier {
    ScenarioServiceFileDescriptorSupplier() {}
  }

  private static final class ScenarioServiceMethodDescriptorSupplier
      extends ScenarioServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    ScenarioServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (ScenarioServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new ScenarioServiceFileDescriptorSupplier())
              .addMethod(getEchoMethod())
              .addMethod(getCountMethod())
              .addMethod(getSumMethod())
              .addMethod(getChatMethod())
              .addMethod(getFailMethod())
              .addMethod(getWaitMethod())
              .addMethod(getWaitedMethod())
              .addMethod(getMetadataMethod())
              .addMethod(getNoteMethod())
              .addMethod(getNotesMethod())
              .addMethod(getConsumedMethod())
              .addMethod(getCallerMethod())
              .build();
        }
      }
    }
    return result;
  }
}
