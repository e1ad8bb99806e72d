package samspel

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"

	"github.com/samspel/samspel/interop/go/identity"
	"github.com/samspel/samspel/interop/go/registry"
)

const (
	reasonIdentityRefused = "SAMSPEL_IDENTITY_REFUSED"
	reasonCallerDenied    = "SAMSPEL_CALLER_DENIED"
	reasonRegistryAway    = "SAMSPEL_REGISTRY_UNREACHABLE"

	certificateTime = 10 * time.Second
	// connectionAge is how long a connection lives, calls on it aside, so that no certificate (72 h) comes to its end on
	// one. The client is told before, and makes another: no call is lost.
	connectionAge = time.Hour
)

// guard stands before the calls of a service with an identity: it says who calls, and whether they may. A change of the
// intentions holds for open connections, too: their next calls are refused, and their streams end.
type guard struct {
	identity   *identity.Identity
	authorizer *identity.Authorizer
	// allowed are the services of (samspel.v1.allow), by the full names of the methods that have it.
	allowed map[string][]string
}

// openGuard fetches the service's certificate; without one it cannot start.
func openGuard(ctx context.Context, s *Service) (*guard, error) {
	ctx, cancel := context.WithTimeout(ctx, certificateTime)
	defer cancel()
	config := registry.Config{URL: s.settings.ConsulURL, Token: s.settings.ConsulToken}
	own, err := identity.Open(ctx, config, s.settings.Service, s.log)
	if err != nil {
		return nil, misconfigured("Cannot start %s as SAMSPEL_IDENTITY is consul: %v", s.settings.Service, err)
	}
	g := &guard{identity: own, authorizer: own.Authorizer()}
	s.Defer(func() {
		g.authorizer.Close()
		g.identity.Close()
	})
	return g, nil
}

func (g *guard) unary(
	ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (any, error) {
	caller, err := g.admit(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	return handler(context.WithValue(ctx, callerKey{}, caller), request)
}

// stream ends a stream when its caller is denied while it runs; its handler notices by its context, and by what it
// receives.
func (g *guard) stream(
	server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler,
) error {
	changed := g.authorizer.Changed()
	caller, err := g.admit(stream.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	ctx := context.WithValue(stream.Context(), callerKey{}, caller)
	ended := make(chan error, 1)
	go func() { ended <- recovered(func() error { return handler(server, &streamWithContext{stream, ctx}) }) }()
	for {
		select {
		case err := <-ended:
			return err
		case <-changed:
			changed = g.authorizer.Changed()
			if _, err := g.admit(stream.Context(), info.FullMethod); err != nil && !isUnavailable(err) {
				return err
			}
		}
	}
}

// admit says who calls, or why not.
func (g *guard) admit(ctx context.Context, fullMethod string) (Caller, error) {
	connection, ok := peer.FromContext(ctx)
	if !ok {
		return Caller{}, Reject(codes.Unauthenticated, "a call without a connection").WithReason(reasonIdentityRefused)
	}
	from, err := g.identity.PeerFrom(connection.AuthInfo)
	if err != nil {
		return Caller{}, Reject(codes.Unauthenticated, err.Error()).WithReason(reasonIdentityRefused)
	}
	allowed, why, err := g.authorizer.Allow(ctx, from)
	if err != nil {
		return Caller{}, Unavailable("the registry does not say who may call", err).WithReason(reasonRegistryAway)
	}
	if services, ruled := g.allowed[fullMethod]; allowed && ruled {
		allowed = slices.Contains(services, from.Service) || slices.Contains(services, "*")
		why = "its proto file does not allow it"
	}
	if !allowed {
		own := g.identity.Service()
		return Caller{}, Rejectf(codes.PermissionDenied, "%s may not call %s: %s", from.Service, own, why).
			WithReason(reasonCallerDenied).With("caller", from.Service).With("service", own).
			With("method", strings.TrimPrefix(fullMethod, "/"))
	}
	return Caller{from.Service, from.SPIFFEID}, nil
}
