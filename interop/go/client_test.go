package samspel

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/samspel/samspel/interop/go/internal/consultest"
	"github.com/samspel/samspel/interop/go/registry"
	scenariov1 "github.com/samspel/samspel/interop/go/scenario/gen/samspel/scenario/v1"
)

const scenarioService = "samspel.scenario.v1.ScenarioService"

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// echo is a server whose answers a test makes.
type echo struct {
	scenariov1.UnimplementedScenarioServiceServer
	calls atomic.Int32
	echo  func(context.Context) error
	sum   func(context.Context) error
}

func (e *echo) Echo(ctx context.Context, r *scenariov1.EchoRequest) (*scenariov1.EchoResponse, error) {
	e.calls.Add(1)
	return &scenariov1.EchoResponse{Text: r.GetText()}, e.echo(ctx)
}

func (e *echo) Sum(stream grpc.ClientStreamingServer[scenariov1.SumRequest, scenariov1.SumResponse]) error {
	e.calls.Add(1)
	return e.sum(stream.Context())
}

// listen serves on a port of the loopback, until the test ends.
func listen(t *testing.T, server *grpc.Server) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	address, _ := listener.Addr().(*net.TCPAddr)
	return address.Port
}

// startEcho serves, and registers, and gives a client.
func startEcho(t *testing.T, e *echo) (*consultest.Registry, scenariov1.ScenarioServiceClient, int) {
	t.Helper()
	server := grpc.NewServer(grpc.UnaryInterceptor(UnaryServerInterceptor(quiet)), grpc.StreamInterceptor(StreamServerInterceptor(quiet)))
	scenariov1.RegisterScenarioServiceServer(server, e)
	port := listen(t, server)
	fake := consultest.Start(t)
	client, err := registry.NewClient(registry.Config{URL: fake.URL})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := NewClient("consul:///"+scenarioService, client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return fake, scenariov1.NewScenarioServiceClient(conn), port
}

func instance(port int) consultest.Service {
	return consultest.Service{ID: "a", Name: "scenario", Address: "127.0.0.1", Port: port, Tags: []string{"grpc", scenarioService}}
}

func TestACallWaitsForTheFirstInstance(t *testing.T) {
	e := &echo{echo: func(context.Context) error { return nil }}
	fake, client, port := startEcho(t, e)
	answered := make(chan error, 1)
	go func() {
		_, err := client.Echo(context.Background(), &scenariov1.EchoRequest{})
		answered <- err
	}()
	fake.Put(instance(port))
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
}

func TestACallWithoutAnInstanceSaysSoAtItsDeadline(t *testing.T) {
	_, client, _ := startEcho(t, &echo{})
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := client.Echo(ctx, &scenariov1.EchoRequest{})
	detail := DetailOf(err)
	if status.Code(err) != codes.Unavailable || detail.GetCode() != "SAMSPEL_NO_INSTANCE" || !detail.GetRetryable() ||
		detail.GetMetadata()["service"] != scenarioService {
		t.Errorf("%v %v", err, detail)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := client.Echo(cancelled, &scenariov1.EchoRequest{}); status.Code(err) != codes.Canceled {
		t.Errorf("cancelled by its caller: %v", err)
	}
}

func TestOnlyIdempotentMethodsAreTriedAgain(t *testing.T) {
	away := func(context.Context) error { return Unavailable("away", nil) }
	e := &echo{echo: away, sum: away}
	fake, client, port := startEcho(t, e)
	fake.Put(instance(port))
	if _, err := client.Echo(context.Background(), &scenariov1.EchoRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("Echo: %v", err)
	}
	if calls := e.calls.Swap(0); calls != 3 {
		t.Errorf("Echo, which has no side effects, was called %d times, not 3", calls)
	}
	stream, err := client.Sum(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.CloseAndRecv(); status.Code(err) != codes.Unavailable {
		t.Errorf("Sum: %v", err)
	}
	if calls := e.calls.Load(); calls != 1 {
		t.Errorf("Sum, of which nothing is known, was called %d times", calls)
	}
}

func TestCallsWithinACallCarryItsDeadlineAndItsTrace(t *testing.T) {
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	var left time.Duration
	var traced []string
	e := &echo{echo: func(ctx context.Context) error {
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		traced = metadata.ValueFromIncomingContext(ctx, "traceparent")
		return nil
	}}
	fake, client, port := startEcho(t, e)
	fake.Put(instance(port))
	handling := withTrace(context.Background(), func(name string) string {
		return map[string]string{"traceparent": parent}[name]
	})
	if _, err := client.Echo(handling, &scenariov1.EchoRequest{}); err != nil {
		t.Fatal(err)
	}
	if left < 5*time.Second || left > DefaultDeadline || len(traced) != 1 || traced[0] != parent {
		t.Errorf("left: %v, traced: %v", left, traced)
	}
}

func TestPlaintextIsNotSpokenToAnInstanceThatWantsTLS(t *testing.T) {
	e := &echo{echo: func(context.Context) error { return nil }}
	fake, client, port := startEcho(t, e)
	secure := instance(port)
	secure.Meta = map[string]string{"secure": "true"}
	fake.Put(secure)
	_, err := client.Echo(context.Background(), &scenariov1.EchoRequest{})
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "SAMSPEL_IDENTITY") || e.calls.Load() > 0 {
		t.Errorf("%v after %d calls", err, e.calls.Load())
	}
}

func TestAPanicEndsOneCallAndSaysNothing(t *testing.T) {
	e := &echo{echo: func(context.Context) error { panic("secret") }}
	fake, client, port := startEcho(t, e)
	fake.Put(instance(port))
	_, err := client.Echo(context.Background(), &scenariov1.EchoRequest{})
	if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

func TestACommandIsKnownByItsIDAndTheKeyOfItsRequest(t *testing.T) {
	ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs("samspel-command-id", "c 1"))
	within := withCaller(ctx, "/"+scenarioService+"/Note", &scenariov1.NoteRequest{Key: "a/b"})
	command, ok := CommandFromContext(within)
	if !ok || command.ProtoService != scenarioService || CommandID(within) != "c 1" {
		t.Errorf("%+v", command)
	}
	if id := command.MessageID(); id != "Note/a%2Fb/c%201" {
		t.Errorf("an inbox would note it as %s", id)
	}
	if id := CommandID(withCaller(context.Background(), "/s.S/M", nil)); id != "" {
		t.Errorf("a call without an id has %q", id)
	}
}
