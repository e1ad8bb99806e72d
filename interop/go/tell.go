package samspel

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	"github.com/samspel/samspel/interop/go/internal/wire"
)

var tellID = regexp.MustCompile(`^[!-~](?:[ -~]{0,254}[!-~])?$`)

// Tell stores a tell of a method, and returns when the broker has it (T5): it reaches the method's handler at least
// once, though nobody runs now. Its id ([WithID]) is the command id that the handler gets; two tells of one method and
// key with one id are one tell.
//
// It is sent again under the same id until it is stored, or until ctx is done (at most 10 s, where ctx has no deadline):
// then the error is [Unavailable], and it may be stored all the same. Tells of one key are stored in the order in which
// this process began them.
func Tell[Request, Response proto.Message](
	ctx context.Context, b *Broker, method Method[Request, Response], request Request, options ...SendOption,
) (*Receipt[Response], error) {
	s := newSending(options)
	if !tellID.MatchString(s.id) {
		return nil, fmt.Errorf("cannot tell %s.%s as an id must be 1 to 256 printable ASCII characters: it is %q", method.service, method.name, s.id)
	}
	body, err := proto.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("cannot tell %s.%s: %w", method.service, method.name, err)
	}
	key := keyOf(request)
	if key == "" {
		key = s.id
	}
	toldAt := time.Now()
	header := s.header(ctx, b.source, method.input, key)
	header["Nats-Msg-Id"] = []string{wire.TellMessageID(method.name, key, s.id)}
	header["samspel-method"] = []string{method.name}

	ctx, cancel := withDeadline(ctx)
	defer cancel()
	subject := wire.TellSubject(b.prefix, method.service, wire.Partition(key, wire.TellPartitions))
	err = b.sendInOrder(ctx, "tell."+method.service+"\n"+key, &nats.Msg{Subject: subject, Header: header, Data: body},
		func(ctx context.Context) error {
			_, err := b.ensureTellStream(ctx, method.service)
			return err
		})
	if err != nil {
		return nil, err
	}
	token := strconv.FormatInt(toldAt.UnixMilli(), 36) + "-" + wire.TellToken(method.service, method.name, key, s.id)
	return &Receipt[Response]{ID: s.id, Token: token, broker: b, service: method.service}, nil
}
