package samspel

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	samspelv1 "github.com/samspel/samspel/interop/go/gen/samspel/v1"
	"github.com/samspel/samspel/interop/go/internal/wire"
)

// After how long who waits for a reply looks whether it missed it: firstLook at first, then twice as long each time. It may
// have been on its way to where it is kept, or have come while the connection was lost.
const (
	firstLook   = 250 * time.Millisecond
	longestLook = 30 * time.Second
)

// Receipt says that a tell is stored.
type Receipt[Response proto.Message] struct {
	// ID is the command id under which it is handled.
	ID string
	// Token finds the reply, from any process in any language, for 7 days.
	Token string

	broker  *Broker
	service string
}

// TellError says that a tell was not carried out: status.FromError and [DetailOf] read it as they read a failed call.
type TellError struct {
	// Rejected says that the handler said no; else its attempts were exhausted.
	Rejected bool
	// Attempts is how often it was tried.
	Attempts int

	status *status.Status
}

func (e *TellError) Error() string {
	return fmt.Sprintf("tell failed: code = %s desc = %s", e.status.Code(), e.status.Message())
}

// GRPCStatus is what a call would have failed with.
func (e *TellError) GRPCStatus() *status.Status { return e.status }

// FindReceipt gives the receipt of a tell of which only the token is at hand.
func FindReceipt[Request, Response proto.Message](
	b *Broker, method Method[Request, Response], token string,
) *Receipt[Response] {
	return &Receipt[Response]{Token: token, broker: b, service: method.service}
}

// Reply waits for the reply, until ctx is done. A tell that was rejected or given up is a *[TellError].
func (r *Receipt[Response]) Reply(ctx context.Context) (Response, error) {
	var none Response
	_, name, ok := strings.Cut(r.Token, "-")
	if !ok {
		return none, fmt.Errorf("%q is no token of a tell", r.Token)
	}
	subject := wire.ReplySubject(r.broker.prefix, r.service, name)
	// Who listens first and looks then misses nothing.
	arrived := make(chan *nats.Msg, 1)
	subscription, err := r.broker.conn.ChanSubscribe(subject, arrived)
	if err != nil {
		return none, fmt.Errorf("cannot wait for the reply: %w", err)
	}
	defer func() { _ = subscription.Unsubscribe() }()
	for look := firstLook; ; look = min(2*look, longestLook) {
		data, found := r.look(ctx, subject)
		if !found {
			select {
			case message := <-arrived:
				data = message.Data
			case <-time.After(look):
				continue
			case <-ctx.Done():
				return none, fmt.Errorf("no reply came yet: %w", ctx.Err())
			}
		}
		return readReply[Response](data)
	}
}

// look asks for the last message of the reply's subject.
func (r *Receipt[Response]) look(ctx context.Context, subject string) ([]byte, bool) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	api := fmt.Sprintf("$JS.API.DIRECT.GET.%s%s.%s", r.broker.prefix, wire.ReplyStream, subject)
	answer, err := r.broker.conn.RequestWithContext(ctx, api, nil)
	if err != nil || answer.Header.Get("Status") != "" {
		return nil, false // the stream is not there yet, or it has none
	}
	return answer.Data, true
}

func readReply[Response proto.Message](data []byte) (Response, error) {
	var none Response
	reply := &samspelv1.TellReply{}
	if err := proto.Unmarshal(data, reply); err != nil {
		return none, fmt.Errorf("the reply cannot be decoded: %w", err)
	}
	switch outcome := reply.GetOutcome().(type) {
	case *samspelv1.TellReply_Response:
		response := newMessage[Response]()
		if err := proto.Unmarshal(outcome.Response, response); err != nil {
			return none, fmt.Errorf("the reply cannot be decoded: %w", err)
		}
		return response, nil
	case *samspelv1.TellReply_Failure:
		f := outcome.Failure
		return none, &TellError{
			Rejected: f.GetRejected(),
			Attempts: int(f.GetAttempts()),
			status:   status.FromProto(&spb.Status{Code: f.GetCode(), Message: f.GetMessage(), Details: f.GetDetails()}),
		}
	case *samspelv1.TellReply_TooLarge:
		return none, Rejectf(codes.NotFound, "the reply of %d bytes was too large to be kept", outcome.TooLarge).
			WithReason(reasonReplyGone)
	default:
		return none, errors.New("the reply says nothing that this version understands")
	}
}
