package samspel

import (
	"context"

	"google.golang.org/grpc/metadata"

	"github.com/samspel/samspel/interop/go/internal/wire"
)

const headerCommandID = "samspel-command-id"

// Command is what a handler carries out: a tell, or a call whose caller gave it an id.
type Command struct {
	// ID is that under which the command is to have its effect once.
	ID string
	// ProtoService and Method are the called method's, by their proto names.
	ProtoService, Method string
	// Key is the (samspel.v1.key) of the request, or the ID where there is none.
	Key string
}

// MessageID is the command's id together with what it counts for: its method and key. An inbox notes it.
func (c Command) MessageID() string { return wire.TellMessageID(c.Method, c.Key, c.ID) }

type commandKey struct{}

// CommandFromContext is the command that a handler carries out; false for a call without an id.
func CommandFromContext(ctx context.Context) (Command, bool) {
	command, ok := ctx.Value(commandKey{}).(Command)
	return command, ok
}

// CommandID is the id of the command that a handler carries out; "" for a call without one.
func CommandID(ctx context.Context) string {
	command, _ := CommandFromContext(ctx)
	return command.ID
}

// WithCommandID gives the calls that are made within the context a command id: an entity, or a handler with an inbox,
// carries them out once, however often they are sent.
func WithCommandID(ctx context.Context, id string) context.Context {
	md, _ := metadata.FromOutgoingContext(ctx)
	md = md.Copy()
	md.Set(headerCommandID, id)
	return metadata.NewOutgoingContext(ctx, md)
}
