package samspel

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/samspel/samspel/interop/go/registry"
)

// DefaultDeadline is that of a call whose context has none (C1).
const DefaultDeadline = 10 * time.Second

// maxRetryBytes is how large a request may be to be kept for a retry: the most that a gRPC server takes by default.
const maxRetryBytes = 4 << 20

// NewClient opens a channel to a proto service: "consul:///cart.v1.CartService", or another of gRPC's targets. It is
// grpc.NewClient with what calls within a system have:
//
//   - instances of the registry, live, round robin; without one a call waits for the first, until its deadline, and
//     fails with UNAVAILABLE and SAMSPEL_NO_INSTANCE;
//   - a deadline of 10 s, or what is left of the deadline of the call that is being handled;
//   - the trace of the call, tell or message that is being handled;
//   - retries, at most 3 attempts within a budget, of methods that the proto file marks IDEMPOTENT or NO_SIDE_EFFECTS,
//     where they fail with UNAVAILABLE; what provably never ran gRPC itself sends again.
//
// A nil registry is the one that the environment says. Options come after its own. Calls go in plaintext, unless the
// options say otherwise.
func NewClient(target string, client *registry.Client, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	return newClient(target, client, nil, options)
}

func newClient(
	target string, client *registry.Client, found []registry.ResolverOption, options []grpc.DialOption,
) (*grpc.ClientConn, error) {
	edge := &clientEdge{gate: newGate(strings.HasPrefix(target, registry.Scheme+":"))}
	resolver := registry.NewResolver(client, append(found,
		registry.WithServiceConfig(serviceConfig), registry.WithListener(edge.gate.set))...)
	own := []grpc.DialOption{
		grpc.WithResolvers(resolver),
		grpc.WithNoProxy(),
		grpc.WithTransportCredentials(plaintext{insecure.NewCredentials()}),
		grpc.WithChainUnaryInterceptor(edge.unary),
		grpc.WithChainStreamInterceptor(edge.stream),
		grpc.WithDefaultCallOptions(grpc.MaxRetryRPCBufferSize(maxRetryBytes)),
		// An instance that comes back on the port that it had is to be found soon; gRPC's own longest wait is 2 min.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second},
			MinConnectTimeout: 2 * time.Second,
		}),
	}
	return grpc.NewClient(target, append(own, options...)...)
}

// plaintext never speaks to an instance that says that it wants TLS.
type plaintext struct {
	credentials.TransportCredentials
}

func (p plaintext) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	info := credentials.ClientHandshakeInfoFromContext(ctx)
	if service, secure, _ := registry.PeerOf(info.Attributes); secure {
		return nil, nil, fmt.Errorf("an instance of %s takes only TLS: run with SAMSPEL_IDENTITY=consul", service)
	}
	return p.TransportCredentials.ClientHandshake(ctx, authority, conn)
}

func (p plaintext) Clone() credentials.TransportCredentials {
	return plaintext{p.TransportCredentials.Clone()}
}

type clientEdge struct{ gate *gate }

func (e *clientEdge) unary(
	ctx context.Context, method string, request, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	if err := e.gate.wait(ctx, cc); err != nil {
		return err
	}
	return invoke(withOutgoingTrace(ctx), method, request, reply, cc, options...)
}

func (e *clientEdge) stream(
	ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	ctx, cancel := withDeadline(ctx)
	if err := e.gate.wait(ctx, cc); err != nil {
		cancel()
		return nil, err
	}
	stream, err := open(withOutgoingTrace(ctx), desc, cc, method, options...)
	if err != nil {
		cancel()
		return nil, err
	}
	return &endingStream{stream, desc.ServerStreams, cancel}, nil
}

func withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, DefaultDeadline)
}

// withOutgoingTrace adds the trace to what the caller set.
func withOutgoingTrace(ctx context.Context) context.Context {
	passed := outgoingTrace(ctx)
	if len(passed) == 0 {
		return ctx
	}
	md, _ := metadata.FromOutgoingContext(ctx)
	md = md.Copy()
	if md == nil {
		md = metadata.MD{}
	}
	for name, value := range passed {
		if len(md.Get(name)) == 0 {
			md.Set(name, value)
		}
	}
	return metadata.NewOutgoingContext(ctx, md)
}

// endingStream frees its deadline's timer when the stream has ended.
type endingStream struct {
	grpc.ClientStream
	streams bool
	cancel  context.CancelFunc
}

func (s *endingStream) RecvMsg(message any) error {
	err := s.ClientStream.RecvMsg(message)
	if err != nil || !s.streams {
		s.cancel()
	}
	return err
}

func (s *endingStream) SendMsg(message any) error {
	err := s.ClientStream.SendMsg(message)
	if err != nil && err != io.EOF { // after io.EOF, RecvMsg says why
		s.cancel()
	}
	return err
}

// gate holds calls back while there is no instance to call.
type gate struct {
	mu     sync.Mutex
	opened chan struct{}
	open   bool
}

// newGate makes one that is shut while it is known that there is none: the channel itself waits for what it does not
// know yet.
func newGate(shut bool) *gate {
	g := &gate{opened: make(chan struct{})}
	if !shut {
		g.set(make([]registry.Instance, 1))
	}
	return g
}

func (g *gate) set(instances []registry.Instance) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch has := len(instances) > 0; {
	case has && !g.open:
		g.open = true
		close(g.opened)
	case !has && g.open:
		g.open = false
		g.opened = make(chan struct{})
	}
}

func (g *gate) wait(ctx context.Context, cc *grpc.ClientConn) error {
	g.mu.Lock()
	opened, open := g.opened, g.open
	g.mu.Unlock()
	if open {
		return nil
	}
	cc.Connect() // an idle channel does not look for instances
	select {
	case <-opened:
		return nil
	case <-ctx.Done():
	}
	if ctx.Err() == context.Canceled {
		return status.FromContextError(ctx.Err()).Err()
	}
	name := strings.TrimPrefix(cc.Target(), registry.Scheme+":///")
	return Rejectf(codes.Unavailable, "no instance of %s is in the registry", name).
		WithReason(reasonNoInstance).Retryable(0).With("service", name)
}

// serviceConfig is gRPC's, for a proto service: round robin, and retries of what the proto file permits (C2).
func serviceConfig(protoService string) string {
	type name struct {
		Service string `json:"service"`
		Method  string `json:"method,omitempty"`
	}
	type retryPolicy struct {
		MaxAttempts          int      `json:"maxAttempts"`
		InitialBackoff       string   `json:"initialBackoff"`
		MaxBackoff           string   `json:"maxBackoff"`
		BackoffMultiplier    float64  `json:"backoffMultiplier"`
		RetryableStatusCodes []string `json:"retryableStatusCodes"`
	}
	type methodConfig struct {
		Name        []name      `json:"name"`
		RetryPolicy retryPolicy `json:"retryPolicy"`
	}
	config := map[string]any{
		"loadBalancingConfig": []any{map[string]any{"round_robin": struct{}{}}},
		// Each failure takes 1 of 100, each success gives 0.1 back; below 50 nothing is retried (gRPC A6).
		"retryThrottling": map[string]any{"maxTokens": 100, "tokenRatio": 0.1},
	}
	// Where this program does not have the service's generated code, nothing is known to be safe.
	if service, err := findService(protoService); err == nil {
		retried := methodConfig{RetryPolicy: retryPolicy{3, "0.05s", "1s", 2, []string{"UNAVAILABLE"}}}
		for i := range service.Methods().Len() {
			if method := service.Methods().Get(i); isIdempotent(method) {
				retried.Name = append(retried.Name, name{protoService, string(method.Name())})
			}
		}
		if len(retried.Name) > 0 {
			config["methodConfig"] = []methodConfig{retried}
		}
	}
	text, err := json.Marshal(config)
	if err != nil {
		panic(err) // strings and numbers
	}
	return string(text)
}
