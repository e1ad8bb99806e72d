package samspel

import "context"

// Caller is the service that made a call, by its certificate.
type Caller struct {
	// Service is its name in the registry.
	Service string
	// SPIFFEID is its certificate's name.
	SPIFFEID string
}

type callerKey struct{}

// CallerFromContext is who made the call that is being handled; false where the service has no identity
// (SAMSPEL_IDENTITY), and for tells, which come by NATS and have no caller.
func CallerFromContext(ctx context.Context) (Caller, bool) {
	caller, ok := ctx.Value(callerKey{}).(Caller)
	return caller, ok
}
