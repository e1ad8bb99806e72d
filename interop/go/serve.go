package samspel

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
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
	healthPort, err := s.listenForHealth(healthy)
	if err != nil {
		return err
	}
	registration, err := s.register(listener, healthPort)
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
	unary, stream := []grpc.UnaryServerInterceptor{edge.unary}, []grpc.StreamServerInterceptor{edge.stream}
	var options []grpc.ServerOption
	rules := allowRules(s.protoServices())
	if s.guard == nil && len(rules) > 0 {
		s.log.Warn("methods that allow some callers only are open to all: run with SAMSPEL_IDENTITY=consul",
			"methods", slices.Sorted(maps.Keys(rules)))
	}
	if s.guard != nil {
		s.guard.allowed = rules
		options = append(options, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: connectionAge}))
		unary, stream = append(unary, s.guard.unary), append(stream, s.guard.stream)
		options = append(options, grpc.Creds(s.guard.identity.ServerCredentials()))
	}
	options = append(options,
		grpc.ChainUnaryInterceptor(append(unary, s.interceptors...)...), grpc.ChainStreamInterceptor(stream...))
	options = append(options, s.serverOptions...)
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

func (s *Service) register(listener net.Listener, healthPort int) (*registry.Registration, error) {
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
		Version: s.settings.Version, Zone: s.settings.Zone, HealthPort: healthPort,
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

// listenForHealth serves health in plaintext on the loopback, and nothing else, for the registry's check: that has no
// certificate which the service's own port would take. It is 0 where the service has no identity.
func (s *Service) listenForHealth(healthy *health.Server) (port int, err error) {
	if s.guard == nil {
		return 0, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("cannot listen for health checks: %w", err)
	}
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, healthy)
	go func() { _ = server.Serve(listener) }()
	s.Defer(server.Stop)
	s.guard.identity.OnValid(func(valid bool) {
		if valid {
			healthy.Resume()
		} else {
			healthy.Shutdown()
		}
	})
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("%v has no port", listener.Addr())
	}
	return address.Port, nil
}
