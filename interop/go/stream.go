package samspel

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/samspel/samspel/interop/go/internal/wire"
)

// Whoever comes first, publisher or consumer, makes a stream, with the same configuration in every language. One that
// is there is taken as it is.

const (
	partitionsKey   = "samspel-partitions"
	duplicateWindow = 2 * time.Minute
	repliesKeptFor  = 7 * 24 * time.Hour
)

// ensureTopicStream makes a topic's stream, where there is none. A number of partitions is fixed for a stream's life.
func (b *Broker) ensureTopicStream(ctx context.Context, topic string, partitions int) (string, error) {
	name := wire.TopicStream(b.prefix, topic)
	wanted := strconv.Itoa(partitions)
	config, err := b.ensureStream(ctx, jetstream.StreamConfig{
		Name:       name,
		Subjects:   wire.TopicSubjects(b.prefix, topic),
		Discard:    jetstream.DiscardOld,
		Duplicates: duplicateWindow,
		Metadata:   map[string]string{partitionsKey: wanted},
	})
	if err != nil {
		return "", err
	}
	if actual := config.Metadata[partitionsKey]; actual != wanted {
		return "", misconfigured("Cannot use topic %s as its partitions must be %s: stream %s has %q of them",
			topic, wanted, name, actual)
	}
	return name, nil
}

// ensureTellStream makes the stream of a proto service's tells, where there is none.
func (b *Broker) ensureTellStream(ctx context.Context, service string) (string, error) {
	config, err := b.ensureStream(ctx, jetstream.StreamConfig{
		Name:              wire.TellStream(b.prefix, service),
		Subjects:          wire.TellSubjects(b.prefix, service),
		Discard:           jetstream.DiscardNew,
		Duplicates:        duplicateWindow,
		Metadata:          map[string]string{partitionsKey: strconv.Itoa(wire.TellPartitions)},
		AllowMsgSchedules: true,
	})
	return config.Name, err
}

// ensureReplyStream makes the stream of replies, where there is none.
func (b *Broker) ensureReplyStream(ctx context.Context) error {
	_, err := b.ensureStream(ctx, jetstream.StreamConfig{
		Name:              b.prefix + wire.ReplyStream,
		Subjects:          []string{b.prefix + "reply.>"},
		Discard:           jetstream.DiscardNew,
		MaxMsgsPerSubject: 1,
		MaxAge:            repliesKeptFor,
		AllowDirect:       true,
	})
	return err
}

// ensureDeadLetterStream makes the stream of dead letters, where there is none.
func (b *Broker) ensureDeadLetterStream(ctx context.Context) error {
	_, err := b.ensureStream(ctx, jetstream.StreamConfig{
		Name:       b.prefix + wire.DeadLetterStream,
		Subjects:   []string{b.prefix + "dead.>"},
		Discard:    jetstream.DiscardOld,
		Duplicates: duplicateWindow,
	})
	return err
}

func (b *Broker) ensureStream(ctx context.Context, config jetstream.StreamConfig) (jetstream.StreamConfig, error) {
	config.Storage, config.Retention = jetstream.FileStorage, jetstream.LimitsPolicy
	stream, err := b.js.Stream(ctx, config.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = b.js.CreateStream(ctx, config)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another was faster
			stream, err = b.js.Stream(ctx, config.Name)
		}
	}
	if err != nil {
		return config, fmt.Errorf("cannot make stream %s: %w", config.Name, err)
	}
	return stream.CachedInfo().Config, nil
}
