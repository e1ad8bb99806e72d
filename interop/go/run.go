package samspel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/samspel/samspel/interop/go/registry"
)

const (
	drainTime = 30 * time.Second
	// leaveTime is how long callers have to learn that the instance has left the registry, before its connections end:
	// long polls bring that within some 20 ms. Until then it answers as always.
	leaveTime = 500 * time.Millisecond
	// registerTime is how long the log's "ready" waits for the registry. One that is away does not stop a service.
	registerTime = 5 * time.Second
)

// Run runs a service in this process until SIGTERM or SIGINT, and returns the exit code:
//
//		func main() { os.Exit(samspel.Run("shipping", start)) }
//
//	 1. Start never half-succeeds: whatever is missing is one clear line in the log, and code 1 (A1).
//	 2. The registry learns of the instance when it can answer, and forgets it before it stops to (A2).
//	 3. A signal: deregistered, not serving, calls and messages in hand finished (30 s), closed, code 0. A second signal
//	    ends at once.
//
// The context of start ends when the stop begins: streams that go on for ever end with it.
func Run(name string, start func(ctx context.Context, s *Service) error) int {
	settings, err := ReadSettings(name, os.LookupEnv)
	log := NewLogger(os.Stdout, name, settings.LogLevel)
	slog.SetDefault(log)
	if err != nil {
		log.Log(context.Background(), levelFatal, err.Error())
		return 1
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-signals
		stop()
		if number, ok := (<-signals).(syscall.Signal); ok {
			os.Exit(128 + int(number))
		}
	}()
	if err := Serve(ctx, settings, log, start); err != nil {
		var configuration *ConfigurationError
		if errors.As(err, &configuration) {
			log.Log(ctx, levelFatal, configuration.Error())
		} else {
			log.Log(ctx, levelFatal, "Cannot start "+name, "err", err)
		}
		return 1
	}
	return 0
}

// Serve is [Run] without a process's signals and environment: it serves until ctx is done, and returns why it could not
// start.
func Serve(ctx context.Context, settings Settings, log *slog.Logger, start func(ctx context.Context, s *Service) error) error {
	s, err := newService(settings, log)
	if err != nil {
		return err
	}
	defer s.close()
	// The port is taken first, so that one that is taken is found before anything else is done.
	listener, err := s.listen()
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if err := start(ctx, s); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return nil // it was stopped while it started
	}
	return s.serve(ctx, listener)
}

func (s *Service) listen() (net.Listener, error) {
	place := net.JoinHostPort(s.settings.Host, strconv.Itoa(s.settings.Port))
	listener, err := net.Listen("tcp", place)
	if err != nil {
		var system *os.SyscallError
		reason := err
		if errors.As(err, &system) {
			reason = system.Err
		}
		return nil, misconfigured("Cannot start %s as SAMSPEL_HOST %s, SAMSPEL_PORT %d cannot be listened on: %v; "+
			"set another port, or end who has it", s.settings.Service, s.settings.Host, s.settings.Port, reason)
	}
	return listener, nil
}

func (s *Service) serve(ctx context.Context, listener net.Listener) error {
	healthy := health.NewServer()
	server := s.newServer(healthy)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	defer server.Stop()

	working, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	consumers, err := s.startConsumers(ctx, working)
	if err != nil {
		return err
	}
	registration, err := s.register(listener)
	if err != nil {
		return err
	}
	select {
	case <-registration.Registered():
	case <-time.After(registerTime):
	case <-ctx.Done():
	}
	s.log.Info("ready", "host", registration.Announcement().Address, "port", registration.Announcement().Port)

	select {
	case <-ctx.Done():
	case err := <-ended:
		err = fmt.Errorf("the listener failed: %w", err)
		s.log.Error("stopping", "err", err)
	}
	s.log.Info("stopping")
	if err := registration.Close(); err != nil {
		s.log.Warn("not deregistered", "reason", err.Error())
	}
	healthy.Shutdown()
	time.Sleep(leaveTime)
	s.drain(server, consumers, abandon)
	s.log.Info("stopped")
	return nil
}

func (s *Service) newServer(healthy *health.Server) *grpc.Server {
	edge := serverEdge{s.log}
	options := append([]grpc.ServerOption{
		grpc.ChainUnaryInterceptor(append([]grpc.UnaryServerInterceptor{edge.unary}, s.interceptors...)...),
		grpc.ChainStreamInterceptor(edge.stream),
	}, s.serverOptions...)
	server := grpc.NewServer(options...)
	for _, registered := range s.registered {
		server.RegisterService(registered.desc, registered.server)
		healthy.SetServingStatus(registered.desc.ServiceName, healthpb.HealthCheckResponse_SERVING)
	}
	healthpb.RegisterHealthServer(server, healthy)
	reflection.Register(server)
	return server
}

func (s *Service) startConsumers(ctx, working context.Context) ([]*consumer, error) {
	consumers := make([]*consumer, 0, len(s.consumers))
	for _, makeConsumer := range s.consumers {
		broker, err := s.Broker(ctx)
		if err != nil {
			return nil, err
		}
		c, err := makeConsumer(broker)
		if err != nil {
			return nil, err
		}
		starting, cancel := context.WithTimeout(ctx, firstConnectTime)
		err = c.start(starting, ctx, working)
		cancel()
		if err != nil {
			return nil, err
		}
		consumers = append(consumers, c)
	}
	return consumers, nil
}

func (s *Service) register(listener net.Listener) (*registry.Registration, error) {
	address, err := s.registry.AdvertisedAddress(s.settings.Host)
	if err != nil {
		return nil, misconfigured("Cannot start %s: %v in SAMSPEL_HOST", s.settings.Service, err)
	}
	bound, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return nil, fmt.Errorf("%v has no port", listener.Addr())
	}
	announcement := registry.Announcement{
		Service: s.settings.Service, Address: address, Port: bound.Port, ProtoServices: s.protoServices(),
		Version: s.settings.Version, Zone: s.settings.Zone,
	}
	if announcement.Descriptors, err = registry.DescriptorSet(announcement.ProtoServices); err != nil {
		s.log.Warn("descriptors are not published", "reason", err.Error())
	}
	return s.registry.Register(announcement, s.log)
}

// drain waits for calls and messages in hand, for 30 s in all.
func (s *Service) drain(server *grpc.Server, consumers []*consumer, abandon func()) {
	var work sync.WaitGroup
	work.Go(server.GracefulStop)
	for _, c := range consumers {
		work.Go(c.wait)
	}
	finished := make(chan struct{})
	go func() { work.Wait(); close(finished) }()
	select {
	case <-finished:
		return
	case <-time.After(drainTime):
		s.log.Warn("calls or messages in hand are abandoned: they took more than 30 s")
	}
	abandon()
	server.Stop()
	select {
	case <-finished:
	case <-time.After(time.Second):
	}
}

func targetOf(protoService string) string {
	for _, r := range protoService {
		if r == ':' || r == '/' {
			return protoService
		}
	}
	return registry.Scheme + ":///" + protoService
}
