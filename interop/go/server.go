package samspel

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// serverEdge is where calls enter: trace and command go into the context, errors become statuses (C5).
type serverEdge struct{ log *slog.Logger }

// UnaryServerInterceptor is what a [Service] has before all others: for gRPC servers that are none. It turns errors
// and panics into statuses, and puts trace and command into the context.
func UnaryServerInterceptor(log *slog.Logger) grpc.UnaryServerInterceptor {
	return serverEdge{log}.unary
}

// StreamServerInterceptor is [UnaryServerInterceptor] for streams.
func StreamServerInterceptor(log *slog.Logger) grpc.StreamServerInterceptor {
	return serverEdge{log}.stream
}

func (e serverEdge) unary(
	ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (response any, err error) {
	ctx = withCaller(ctx, info.FullMethod, request)
	err = recovered(func() error {
		response, err = handler(ctx, request)
		return err
	})
	return response, e.status(ctx, info.FullMethod, err)
}

func (e serverEdge) stream(
	server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler,
) error {
	ctx := withCaller(stream.Context(), info.FullMethod, nil)
	err := recovered(func() error { return handler(server, &streamWithContext{stream, ctx}) })
	return e.status(ctx, info.FullMethod, err)
}

// recovered makes an error of a panic, so that it ends one call and not the service.
func recovered(do func() error) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
		}
	}()
	return do()
}

// status is what the caller gets. What it does not say, the log does.
func (e serverEdge) status(ctx context.Context, method string, err error) error {
	if err == nil {
		return nil
	}
	s, unknown := travelling(ctx, err)
	if unknown {
		e.log.ErrorContext(ctx, "call failed", "method", method, "err", err)
	} else if isUnavailable(err) {
		e.log.WarnContext(ctx, "call failed", "method", method, "err", err)
	}
	return s.Err()
}

// withCaller puts what came with a call into the context.
func withCaller(ctx context.Context, fullMethod string, request any) context.Context {
	md, _ := metadata.FromIncomingContext(ctx)
	first := func(name string) string {
		if values := md.Get(name); len(values) > 0 {
			return values[0]
		}
		return ""
	}
	ctx = withTrace(ctx, first)
	id := first(headerCommandID)
	if id == "" {
		return ctx
	}
	service, method, _ := strings.Cut(strings.TrimPrefix(fullMethod, "/"), "/")
	command := Command{ID: id, ProtoService: service, Method: method, Key: id}
	if message, ok := request.(proto.Message); ok {
		if key := keyOf(message); key != "" {
			command.Key = key
		}
	}
	return context.WithValue(ctx, commandKey{}, command)
}

type streamWithContext struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *streamWithContext) Context() context.Context { return s.ctx }
