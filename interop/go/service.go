package samspel

import (
	"context"
	"log/slog"
	"sync"

	"google.golang.org/grpc"

	"github.com/samspel/samspel/interop/go/registry"
)

// Service is what a service's start function assembles: proto services, subscriptions, and what they need. It is a
// grpc.ServiceRegistrar: what is registered is served, announced in the registry, and shown by health and reflection.
type Service struct {
	settings Settings
	log      *slog.Logger
	registry *registry.Client
	// guard is nil where the service has no identity.
	guard *guard

	registered    []registeredService
	interceptors  []grpc.UnaryServerInterceptor
	serverOptions []grpc.ServerOption
	consumers     []func(*Broker) (*consumer, error)

	mu     sync.Mutex
	broker *Broker
	// closers run in reverse order, after the last handler has finished.
	closers []func()
}

type registeredService struct {
	desc   *grpc.ServiceDesc
	server any
}

func newService(settings Settings, log *slog.Logger) (*Service, error) {
	client, err := registry.NewClient(registry.Config{URL: settings.ConsulURL, Token: settings.ConsulToken})
	if err != nil {
		return nil, misconfigured("Cannot start %s as CONSUL_HTTP_ADDR is no registry: %v", settings.Service, err)
	}
	return &Service{settings: settings, log: log, registry: client}, nil
}

// RegisterService serves a proto service; generated Register…Server functions call it.
func (s *Service) RegisterService(desc *grpc.ServiceDesc, server any) {
	s.registered = append(s.registered, registeredService{desc, server})
}

// Settings are those of the environment.
func (s *Service) Settings() Settings { return s.settings }

// Log writes the service's log; it is slog's default, too.
func (s *Service) Log() *slog.Logger { return s.log }

// Registry is the client of the service's registry.
func (s *Service) Registry() *registry.Client { return s.registry }

// Broker is the service's connection to NATS; it connects when it is first asked for.
func (s *Service) Broker(ctx context.Context) (*Broker, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broker == nil {
		broker, err := ConnectBroker(ctx, s.settings, s.log)
		if err != nil {
			return nil, err
		}
		s.broker = broker
		s.closers = append(s.closers, broker.Close)
	}
	return s.broker, nil
}

// Client opens a channel to a proto service by its full name, such as cartv1.CartService_ServiceDesc.ServiceName, or by
// a target; see [NewClient]. It is closed with the service. Open one for each proto service, and keep it.
func (s *Service) Client(protoService string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	var found []registry.ResolverOption
	if s.guard != nil {
		// Never plaintext: an instance that speaks nothing else counts as none.
		found = append(found, registry.WithInstances(registry.Instance.Secure), registry.WithEpoch(s.guard.identity.Epoch))
		options = append([]grpc.DialOption{grpc.WithTransportCredentials(s.guard.identity.ClientCredentials())}, options...)
	}
	conn, err := newClient(targetOf(protoService), s.registry, found, options)
	if err != nil {
		return nil, err
	}
	s.Defer(func() { _ = conn.Close() })
	return conn, nil
}

// Intercept adds interceptors to unary calls and to tells, the first outermost, after the library's own.
func (s *Service) Intercept(interceptors ...grpc.UnaryServerInterceptor) {
	s.interceptors = append(s.interceptors, interceptors...)
}

// ServerOptions adds options to the gRPC server, such as a stats handler of OpenTelemetry.
func (s *Service) ServerOptions(options ...grpc.ServerOption) {
	s.serverOptions = append(s.serverOptions, options...)
}

// Defer has a function run at the end, after the last handler has finished; the last one first.
func (s *Service) Defer(end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closers = append(s.closers, end)
}

func (s *Service) consume(make func(*Broker) (*consumer, error)) {
	s.consumers = append(s.consumers, make)
}

func (s *Service) protoServices() []string {
	names := make([]string, 0, len(s.registered))
	for _, registered := range s.registered {
		names = append(names, registered.desc.ServiceName)
	}
	return names
}

func (s *Service) close() {
	s.mu.Lock()
	closers := s.closers
	s.closers = nil
	s.mu.Unlock()
	for i := len(closers) - 1; i >= 0; i-- {
		closers[i]()
	}
}
