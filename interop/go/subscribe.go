package samspel

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/samspel/samspel/interop/go/internal/wire"
)

// Message is what happened, with what travels beside it (T3).
type Message[T proto.Message] struct {
	// ID is the same for every delivery of the message, also when it was published twice: an inbox notes it.
	ID string
	// Key orders: messages of one key are handled one at a time, in their order.
	Key string
	// Body is the message itself.
	Body T
	// Headers are all, CloudEvents attributes and the publisher's own, by their names in lower case.
	Headers map[string]string
	// Attempt is 1, 2, 3 …
	Attempt int
	// Topic and Group say by which subscription it came.
	Topic, Group string
	// Stream and Sequence are its place in JetStream, and PublishedAt when it got there.
	Stream      string
	Sequence    uint64
	PublishedAt time.Time
}

// Subscription is the name under which an inbox notes the messages of a group.
func (m *Message[T]) Subscription() string { return m.Group + "/" + m.Topic }

// Handler handles a message. It may be called again with one that it has handled (at least once): the package inbox
// makes that once in effect. An error has the message tried again, after 0.1, 0.2, 0.4 … 5 s; one that is [Unavailable],
// or UNAVAILABLE of a call, has it wait and counts no attempt. The context carries the message's trace, and ends when
// the service has waited long enough for its handlers to stop.
type Handler[T proto.Message] func(ctx context.Context, message *Message[T]) error

// SubscribeOption changes a subscription.
type SubscribeOption func(*consumer)

// Attempts says after how many a failing message becomes a dead letter. Default 8: after 6 to 12 s.
func Attempts(n int) SubscribeOption {
	return func(c *consumer) { c.attempts = max(1, n) }
}

const defaultAttempts = 8

var groupName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Subscribe consumes a topic as one of a named group, from its beginning; the instances of all services that subscribe
// as that group share its messages. Call it in the service's start function.
func Subscribe[T proto.Message](s *Service, topic Topic[T], group string, handle Handler[T], options ...SubscribeOption) {
	c := &consumer{
		group:      group,
		topic:      topic.name,
		partitions: topic.partitions,
		attempts:   defaultAttempts,
		isFinal:    func(error) bool { return false },
		given:      func(context.Context, *delivery, error, bool) error { return nil },
	}
	c.handle = func(ctx context.Context, d *delivery) error {
		message, err := readMessage(topic, group, d)
		if err != nil {
			return undecodable{err}
		}
		return handle(withTrace(ctx, func(name string) string { return d.headers[name] }), message)
	}
	for _, option := range options {
		option(c)
	}
	s.consume(func(b *Broker) (*consumer, error) {
		if !groupName.MatchString(group) {
			return nil, misconfigured("Cannot subscribe to %s as a group must be letters, digits, _ and -: it is %q", topic.name, group)
		}
		c.broker, c.log = b, s.log
		c.subject = func(partition int) string { return wire.TopicSubject(b.prefix, topic.name, partition) }
		c.prepare = func(ctx context.Context) (string, error) {
			return b.ensureTopicStream(ctx, topic.name, topic.partitions)
		}
		return c, nil
	})
}

func readMessage[T proto.Message](topic Topic[T], group string, d *delivery) (*Message[T], error) {
	body := newMessage[T]()
	if err := proto.Unmarshal(d.raw.Data(), body); err != nil {
		return nil, fmt.Errorf("a message of %s cannot be decoded: %w", topic.name, err)
	}
	id := d.headers["ce-id"]
	if id == "" {
		id = d.headers["nats-msg-id"]
	}
	if id == "" {
		id = fmt.Sprintf("%s/%d", d.place.Stream, d.place.Sequence.Stream)
	}
	return &Message[T]{
		ID: id, Key: keyOf(body), Body: body, Headers: d.headers, Attempt: int(min(d.place.NumDelivered, 1<<31-1)),
		Topic: topic.name, Group: group,
		Stream: d.place.Stream, Sequence: d.place.Sequence.Stream, PublishedAt: d.place.Timestamp,
	}, nil
}
