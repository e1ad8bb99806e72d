package samspel

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	"github.com/samspel/samspel/interop/go/internal/wire"
)

// SendOption changes what is published or told.
type SendOption func(*sending)

type sending struct {
	id      string
	headers map[string]string
}

// WithID gives the message or the tell its id. Two with one id are one: JetStream drops the second within 2 minutes, an
// inbox within 7 days. Default: a random one.
func WithID(id string) SendOption { return func(s *sending) { s.id = id } }

// WithHeader adds a header. Names that begin with ce-, nats- and samspel- are not the user's, and are left out.
func WithHeader(name, value string) SendOption {
	return func(s *sending) { s.headers[name] = value }
}

func newSending(options []SendOption) sending {
	s := sending{headers: map[string]string{}}
	for _, option := range options {
		option(&s)
	}
	if s.id == "" {
		s.id = newID()
	}
	return s
}

// newID is a random UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Publish stores a message in a topic, and returns when the broker has it (T1, T3). It is sent again under the same id
// until then, or until ctx is done (at most 10 s, where ctx has no deadline): then the error is [Unavailable], and it
// may be stored all the same. Messages of one key are stored in the order in which this process began to publish them.
func Publish[T proto.Message](ctx context.Context, b *Broker, topic Topic[T], message T, options ...SendOption) error {
	s := newSending(options)
	body, err := proto.Marshal(message)
	if err != nil {
		return fmt.Errorf("cannot publish to %s: %w", topic.name, err)
	}
	key := keyOf(message)
	header := s.header(ctx, b.source, string(message.ProtoReflect().Descriptor().FullName()), key)
	header["Nats-Msg-Id"] = header["ce-id"]
	header["ce-subject"] = header["ce-partitionkey"]

	ctx, cancel := withDeadline(ctx)
	defer cancel()
	subject := wire.TopicSubject(b.prefix, topic.name, wire.Partition(key, topic.partitions))
	return b.sendInOrder(ctx, topic.name+"\n"+key, &nats.Msg{Subject: subject, Header: header, Data: body},
		func(ctx context.Context) error {
			_, err := b.ensureTopicStream(ctx, topic.name, topic.partitions)
			return err
		})
}

// sendInOrder stores a message after those of its lane that were begun before.
func (b *Broker) sendInOrder(ctx context.Context, lane string, message *nats.Msg, prepare func(context.Context) error) error {
	leave, err := b.lanes.enter(ctx, lane)
	defer leave()
	if err != nil {
		return Unavailable("those before it are not known to be stored", err).WithReason(reasonBroker)
	}
	return b.store(ctx, message, prepare)
}

// header are CloudEvents attributes, the trace, and the user's own.
func (s sending) header(ctx context.Context, source, messageType, key string) nats.Header {
	header := nats.Header{}
	for name, value := range outgoingTrace(ctx) {
		header[name] = []string{wire.EncodeValue(value)}
	}
	for name, value := range s.headers {
		if !wire.IsReserved(name) {
			header[name] = []string{wire.EncodeValue(value)}
		}
	}
	for name, value := range map[string]string{
		"ce-specversion":  "1.0",
		"ce-id":           wire.EncodeValue(s.id),
		"ce-source":       "/samspel/" + wire.EncodeValue(source),
		"ce-type":         messageType,
		"ce-time":         time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"ce-partitionkey": wire.EncodeValue(key),
		"content-type":    "application/protobuf",
	} {
		header[name] = []string{value}
	}
	return header
}
