package registry

import (
	"fmt"
	"net/url"
	"strings"
	"sync"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/resolver"
)

// Scheme is that of targets such as "consul:///orders.v1.OrderService?version=2&tag=canary&dc=north".
const Scheme = "consul"

// ResolverOption changes a resolver.
type ResolverOption func(*resolverBuilder)

// WithServiceConfig gives channels a gRPC service config, in JSON, for each proto service. Default: round robin, nothing
// else.
func WithServiceConfig(config func(protoService string) string) ResolverOption {
	return func(b *resolverBuilder) { b.config = config }
}

// WithListener has a function told each set of instances before the channel gets it, if it is empty, or else after.
func WithListener(listener func([]Instance)) ResolverOption {
	return func(b *resolverBuilder) { b.listener = listener }
}

// WithInstances keeps only the instances that keep says true for.
func WithInstances(keep func(Instance) bool) ResolverOption {
	return func(b *resolverBuilder) { b.keep = keep }
}

// WithEpoch has connections made anew whenever next is closed: epoch is asked again then. Calls on the former ones finish.
func WithEpoch(epoch func() (now int, next <-chan struct{})) ResolverOption {
	return func(b *resolverBuilder) { b.epoch = epoch }
}

// NewResolver makes a resolver for the scheme consul, for grpc.WithResolvers, or, for all channels of the process,
// resolver.Register. A nil client is the registry that the environment says. A target may name a registry of its own:
// "consul://10.0.0.7:8500/orders.v1.OrderService".
//
// Calls are balanced round robin over the live instances. Without one they fail at once with UNAVAILABLE, unless they
// wait for ready.
func NewResolver(client *Client, options ...ResolverOption) resolver.Builder {
	b := &resolverBuilder{
		clients: map[string]*Client{},
		config:  func(string) string { return `{"loadBalancingConfig": [{"round_robin": {}}]}` },
		keep:    func(Instance) bool { return true },
		epoch:   func() (int, <-chan struct{}) { return 0, nil },
	}
	if client != nil {
		b.clients[""] = client
	}
	for _, option := range options {
		option(b)
	}
	return b
}

type resolverBuilder struct {
	config   func(string) string
	listener func([]Instance)
	keep     func(Instance) bool
	epoch    func() (int, <-chan struct{})

	mu sync.Mutex
	// clients by the target's authority.
	clients map[string]*Client
}

func (b *resolverBuilder) Scheme() string { return Scheme }

func (b *resolverBuilder) Build(
	target resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions,
) (resolver.Resolver, error) {
	name := strings.TrimPrefix(target.URL.Path, "/")
	if name == "" || strings.Contains(name, "/") {
		return nil, fmt.Errorf(
			"cannot resolve %q: it must be consul:///<full name of a proto service>", target.URL.Redacted())
	}
	query, err := url.ParseQuery(target.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("cannot resolve %q: its query must be name=value pairs: %w", target.URL.Redacted(), err)
	}
	client, err := b.client(target.URL.Host)
	if err != nil {
		return nil, err
	}
	r := &watchingResolver{
		builder: b,
		cc:      cc,
		name:    name,
		watch:   client.Watch(name, parseFilter(query)),
		closed:  make(chan struct{}),
		done:    make(chan struct{}),
	}
	go r.run()
	return r, nil
}

func (b *resolverBuilder) client(authority string) (*Client, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if client, ok := b.clients[authority]; ok {
		return client, nil
	}
	client, err := NewClient(Config{URL: authority})
	if err == nil {
		b.clients[authority] = client
	}
	return client, err
}

type watchingResolver struct {
	builder *resolverBuilder
	cc      resolver.ClientConn
	name    string
	watch   *Watch
	closed  chan struct{}
	done    chan struct{}
}

// ResolveNow does nothing: what the registry knows is here already.
func (r *watchingResolver) ResolveNow(resolver.ResolveNowOptions) {}

func (r *watchingResolver) Close() {
	close(r.closed)
	<-r.done
	r.watch.Close()
}

func (r *watchingResolver) run() {
	defer close(r.done)
	for {
		changed := r.watch.Changed()
		instances, known, err := r.watch.Current()
		epoch, next := r.builder.epoch()
		switch {
		case known:
			r.deliver(instances, epoch)
		case err != nil:
			r.cc.ReportError(err)
		}
		select {
		case <-changed:
		case <-next:
		case <-r.closed:
			return
		}
	}
}

func (r *watchingResolver) deliver(all []Instance, epoch int) {
	instances := make([]Instance, 0, len(all))
	for _, instance := range all {
		if r.builder.keep(instance) {
			instances = append(instances, instance)
		}
	}
	tell := r.builder.listener
	if tell != nil && len(instances) == 0 {
		tell(instances)
	}
	state := resolver.State{
		Endpoints:     make([]resolver.Endpoint, 0, len(instances)),
		ServiceConfig: r.cc.ParseServiceConfig(r.builder.config(r.name)),
	}
	for _, instance := range instances {
		address := resolver.Address{
			Addr:       instance.Target(),
			Attributes: attributes.New(identityKey{}, peerIdentity{instance.Service, instance.Secure(), epoch}),
		}
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{address}})
	}
	// An error says only that the balancer has nothing to balance, or that the config is bad; calls say so, too.
	_ = r.cc.UpdateState(state)
	if len(instances) == 0 {
		r.cc.ReportError(fmt.Errorf("no instance of %s is in the registry", r.name))
	}
	if tell != nil && len(instances) > 0 {
		tell(instances)
	}
}

// identityKey and peerIdentity are what credentials learn of the instance that they are to shake hands with. It holds
// no more than that: an address whose attributes change is a new connection.
type identityKey struct{}

type peerIdentity struct {
	service string
	secure  bool
	epoch   int
}

// Equal is for gRPC, which compares attributes.
func (p peerIdentity) Equal(other any) bool { return other == any(p) }

// PeerOf says which service an address that a resolver of this package made belongs to, and whether it wants TLS. It
// is for credentials, which find the attributes by credentials.ClientHandshakeInfoFromContext.
func PeerOf(a *attributes.Attributes) (service string, secure, ok bool) {
	peer, ok := a.Value(identityKey{}).(peerIdentity)
	return peer.service, peer.secure, ok
}
