package samspel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	samspelv1 "github.com/samspel/samspel/interop/go/gen/samspel/v1"
	"github.com/samspel/samspel/interop/go/internal/wire"
)

const (
	tellAttempts = 16
	tellTimeout  = 30 * time.Second
)

// TakeTells takes the tells of proto services that the service serves, with the handlers of their calls (T5). All its
// instances share them. A tell comes at least once: what is to happen once, the handler notes by its [Command], as the
// package inbox does.
//
// What a handler rejects with a code that speaks of the request (such as FAILED_PRECONDITION) ends there, with the
// rejection as the reply, and as a dead letter. What else it returns, or a handler that takes more than 30 s, is tried
// again, 16 times in all. What is [Unavailable] waits, and counts no attempt.
func (s *Service) TakeTells(services ...*grpc.ServiceDesc) {
	for _, desc := range services {
		s.consume(func(b *Broker) (*consumer, error) { return s.tellsOf(desc, b) })
	}
}

// told is a proto service whose tells are taken.
type told struct {
	service    string
	descriptor protoreflect.ServiceDescriptor
	methods    map[string]grpc.MethodDesc
	server     any
	intercept  grpc.UnaryServerInterceptor
	broker     *Broker
}

func (s *Service) tellsOf(desc *grpc.ServiceDesc, b *Broker) (*consumer, error) {
	descriptor, err := findService(desc.ServiceName)
	if err != nil {
		return nil, err
	}
	t := &told{
		service: desc.ServiceName, descriptor: descriptor, methods: map[string]grpc.MethodDesc{},
		intercept: chainUnary(s.interceptors), broker: b,
	}
	for _, registered := range s.registered {
		if registered.desc.ServiceName == desc.ServiceName {
			t.server = registered.server
		}
	}
	if t.server == nil {
		return nil, misconfigured("Cannot take tells of %s as it is not served: register it first", t.service)
	}
	for _, method := range desc.Methods {
		if requireTellable(descriptor.Methods().ByName(protoreflect.Name(method.MethodName))) == nil {
			t.methods[method.MethodName] = method
		}
	}
	if len(t.methods) == 0 {
		return nil, misconfigured("Cannot take tells of %s as none of its methods may be told: mark one IDEMPOTENT", t.service)
	}
	return &consumer{
		broker: b, log: s.log, group: wire.TellGroup, topic: "tell." + t.service, partitions: wire.TellPartitions,
		attempts: tellAttempts,
		subject:  func(partition int) string { return wire.TellSubject(b.prefix, t.service, partition) },
		prepare: func(ctx context.Context) (string, error) {
			if err := b.ensureReplyStream(ctx); err != nil {
				return "", err
			}
			return b.ensureTellStream(ctx, t.service)
		},
		handle: t.carryOut, isFinal: isFinalAnswer, given: t.giveUp,
	}, nil
}

// carryOut calls the method's handler, and keeps its reply before the tell counts as handled.
func (t *told) carryOut(ctx context.Context, d *delivery) error {
	command, err := t.command(d)
	if err != nil {
		return undecodable{err}
	}
	method, ok := t.methods[command.Method]
	if !ok {
		if t.descriptor.Methods().ByName(protoreflect.Name(command.Method)) != nil {
			return Rejectf(codes.Unimplemented, "%s.%s may not be told", t.service, command.Method)
		}
		// A later version's: that may be on its way to this instance, too.
		return fmt.Errorf("%s has no method %s in this version: deploy one that has", t.service, command.Method)
	}
	ctx, cancel := context.WithTimeout(handlerContext(ctx, command, d.headers), tellTimeout)
	defer cancel()
	decode := func(request any) error {
		message, ok := request.(proto.Message)
		if !ok {
			return fmt.Errorf("%T is no message", request)
		}
		if err := proto.Unmarshal(d.raw.Data(), message); err != nil {
			return undecodable{fmt.Errorf("a tell of %s.%s cannot be decoded: %w", t.service, command.Method, err)}
		}
		return nil
	}
	answer, err := method.Handler(t.server, ctx, decode, t.intercept)
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("its handler took more than %v: %w", tellTimeout, err)
		}
		return err
	}
	message, ok := answer.(proto.Message)
	if !ok {
		return fmt.Errorf("%s.%s returned %T, which is no message", t.service, command.Method, answer)
	}
	response, err := proto.Marshal(message)
	if err != nil {
		return err
	}
	return t.keep(ctx, command, &samspelv1.TellReply{
		Id: command.ID, Method: command.Method, Outcome: &samspelv1.TellReply_Response{Response: response},
	})
}

func (t *told) command(d *delivery) (Command, error) {
	command := Command{ID: d.headers["ce-id"], ProtoService: t.service, Method: d.headers["samspel-method"], Key: d.headers["ce-partitionkey"]}
	if command.ID == "" || command.Method == "" {
		return command, fmt.Errorf("a message of %s lacks ce-id or samspel-method: it is no tell", t.service)
	}
	if command.Key == "" {
		command.Key = command.ID
	}
	return command, nil
}

// handlerContext is what a handler gets in place of a call's: the sender's headers as metadata, its trace, the command.
func handlerContext(ctx context.Context, command Command, headers map[string]string) context.Context {
	md := metadata.MD{}
	for name, value := range headers {
		if !wire.IsReserved(name) {
			md.Set(name, wire.EncodeValue(value)) // as a call's metadata, it is ASCII
		}
	}
	md.Set(headerCommandID, command.ID)
	ctx = metadata.NewIncomingContext(ctx, md)
	ctx = withTrace(ctx, func(name string) string { return headers[name] })
	ctx = context.WithValue(ctx, commandKey{}, command)
	return grpc.NewContextWithServerTransportStream(ctx, noStream("/"+command.ProtoService+"/"+command.Method))
}

// giveUp keeps why a tell was not carried out as its reply, before it is parked as a dead letter.
func (t *told) giveUp(ctx context.Context, d *delivery, cause error, final bool) error {
	command, err := t.command(d)
	if err != nil {
		return nil // it is no tell: nobody waits for its reply
	}
	s, _ := travelling(ctx, cause)
	said := s.Proto()
	return t.keep(ctx, command, &samspelv1.TellReply{
		Id: command.ID, Method: command.Method, Outcome: &samspelv1.TellReply_Failure{Failure: &samspelv1.TellFailure{
			Code: said.GetCode(), Message: said.GetMessage(), Details: said.GetDetails(),
			Rejected: final && isFinalAnswer(cause), Attempts: uint32(min(d.place.NumDelivered, 1<<31)),
		}},
	})
}

func (t *told) keep(ctx context.Context, command Command, reply *samspelv1.TellReply) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackWait/2)
	defer cancel()
	token := wire.TellToken(t.service, command.Method, command.Key, command.ID)
	body, err := proto.Marshal(reply)
	if err != nil {
		return err
	}
	subject := wire.ReplySubject(t.broker.prefix, t.service, token)
	err = t.broker.store(ctx, &nats.Msg{Subject: subject, Data: body}, t.broker.ensureReplyStream)
	if err == nil || !errors.Is(err, nats.ErrMaxPayload) || reply.GetTooLarge() > 0 {
		return err
	}
	return t.keep(ctx, command, &samspelv1.TellReply{
		Id: reply.GetId(), Method: reply.GetMethod(), Outcome: &samspelv1.TellReply_TooLarge{TooLarge: uint64(len(reply.GetResponse()))},
	})
}

// isFinalAnswer says whether a handler said something that another attempt would not change.
func isFinalAnswer(err error) bool {
	s, ok := statusOf(err)
	if !ok {
		return false
	}
	switch s.Code() {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied, codes.Unauthenticated,
		codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented:
		return !DetailOf(err).GetRetryable()
	default:
		return false
	}
}

// noStream stands for the stream of a call, for grpc.Method and for headers, which nobody receives. It is the method.
type noStream string

func (n noStream) Method() string               { return string(n) }
func (n noStream) SetHeader(metadata.MD) error  { return nil }
func (n noStream) SendHeader(metadata.MD) error { return nil }
func (n noStream) SetTrailer(metadata.MD) error { return nil }

// chainUnary makes one interceptor of several, the first outermost.
func chainUnary(interceptors []grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		for i := len(interceptors) - 1; i >= 0; i-- {
			next, intercept := handler, interceptors[i]
			handler = func(ctx context.Context, request any) (any, error) { return intercept(ctx, request, info, next) }
		}
		return handler(ctx, request)
	}
}
