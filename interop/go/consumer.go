package samspel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/samspel/samspel/interop/go/internal/backoff"
	"github.com/samspel/samspel/interop/go/internal/wire"
)

const (
	ackWait       = 10 * time.Second
	progressEvery = 3 * time.Second
	// A pull is renewed after pullTime; two missed heartbeats say that it is lost.
	pullTime  = 10 * time.Second
	heartbeat = 2 * time.Second
	// heldBefore is how long a consumer must have worked for its next interruption to be a first one.
	heldBefore = 30 * time.Second
)

// consumer is an instance's share of a group: of a topic, or of the tells of a proto service.
//
//  1. Each partition has one durable consumer with at most one message on its way, so a key's messages are handled in
//     order on any number of instances (T2).
//  2. A message is acked after its handler returned, never before: at least once.
//  3. One that fails is tried again with backoff; the broker counts the deliveries. After the last attempt, or at once
//     where it is undecodable or final, it is parked as a dead letter, and its partition goes on.
//  4. What is unavailable to a handler is no failure of the message: it is kept and tried again, for ever.
type consumer struct {
	broker     *Broker
	log        *slog.Logger
	group      string
	topic      string
	partitions int
	attempts   int
	subject    func(partition int) string
	// prepare makes sure of the stream, and returns its name.
	prepare func(context.Context) (string, error)
	// handle carries a delivery out.
	handle func(context.Context, *delivery) error
	// isFinal says whether another attempt would not change an error.
	isFinal func(error) bool
	// given is told of a delivery that is given up, before it is parked.
	given func(ctx context.Context, d *delivery, cause error, final bool) error

	// stopping ends the taking of messages, working ends the handlers.
	stopping, working context.Context
	partitionsRunning sync.WaitGroup
}

// delivery is a message at one of its attempts.
type delivery struct {
	raw     jetstream.Msg
	place   *jetstream.MsgMetadata
	headers map[string]string
}

// undecodable is an error of a message that is none of its topic.
type undecodable struct{ error }

// start makes what the broker lacks, and begins to consume. It goes on until stopping is done; a handler that runs then
// is waited for by wait, and its context ends with working.
func (c *consumer) start(ctx, stopping, working context.Context) error {
	c.stopping, c.working = stopping, working
	stream, err := c.prepare(ctx)
	if err != nil {
		return err
	}
	bound := make([]jetstream.Consumer, c.partitions)
	for partition := range bound {
		if bound[partition], err = c.bind(ctx, stream, partition); err != nil {
			return fmt.Errorf("cannot consume %s: %w", c.topic, err)
		}
	}
	for partition := range bound {
		c.partitionsRunning.Go(func() { c.run(partition, bound[partition]) })
	}
	c.log.Info("subscribed", "topic", c.topic, "group", c.group)
	return nil
}

// wait returns when the messages that were in hand at the stop are settled.
func (c *consumer) wait() { c.partitionsRunning.Wait() }

func (c *consumer) bind(ctx context.Context, stream string, partition int) (jetstream.Consumer, error) {
	name := wire.Consumer(c.group, partition)
	found, err := c.broker.js.Consumer(ctx, stream, name)
	if !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return found, err
	}
	return c.broker.js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{
		Name:          name,
		Durable:       name,
		FilterSubject: c.subject(partition),
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       ackWait,
		MaxAckPending: 1,
		MaxDeliver:    -1,
	})
}

// run consumes a partition, whatever happens to the broker, the stream or the consumer.
func (c *consumer) run(partition int, bound jetstream.Consumer) {
	failures := 0
	for c.stopping.Err() == nil {
		var err error
		began := time.Now()
		if bound == nil {
			bound, err = c.rebind(partition)
		}
		if err == nil {
			if err = c.consume(bound); err == nil {
				return
			}
		}
		bound = nil
		if time.Since(began) > heldBefore {
			failures = 0
		}
		failures++
		level := slog.LevelDebug
		if failures == 1 {
			level = slog.LevelWarn
		}
		c.log.Log(c.stopping, level, "consumer interrupted", "topic", c.topic, "partition", partition, "reason", err.Error())
		backoff.Sleep(c.stopping, backoff.After(failures))
	}
}

func (c *consumer) rebind(partition int) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(c.stopping, 3*tryTime)
	defer cancel()
	stream, err := c.prepare(ctx)
	if err != nil {
		return nil, err
	}
	return c.bind(ctx, stream, partition)
}

// consume handles one message after the other until the stop, and then what arrived in that very moment.
func (c *consumer) consume(bound jetstream.Consumer) error {
	messages, err := bound.Messages(
		jetstream.PullMaxMessages(1), jetstream.PullExpiry(pullTime), jetstream.PullHeartbeat(heartbeat))
	if err != nil {
		return err
	}
	defer messages.Stop()
	for c.stopping.Err() == nil {
		raw, err := messages.Next(jetstream.NextContext(c.stopping))
		if err == nil {
			c.settle(raw)
		} else if c.stopping.Err() == nil {
			return err
		}
	}
	messages.Drain()
	for {
		raw, err := messages.Next(jetstream.NextMaxWait(time.Second))
		if err != nil {
			return nil // it is drained, or the connection is lost: there is nothing left
		}
		c.settle(raw)
	}
}

// settle handles a message, and tells the broker what came of it. Where that does not arrive, the message comes again.
func (c *consumer) settle(raw jetstream.Msg) {
	place, err := raw.Metadata()
	if err != nil {
		c.log.Error("message without a place", "topic", c.topic, "err", err)
		return
	}
	d := &delivery{raw: raw, place: place, headers: wire.DecodeHeaders(raw.Headers())}
	about := c.log.With("topic", c.topic, "stream", place.Stream, "sequence", place.Sequence.Stream, "attempt", place.NumDelivered)
	err = c.attempt(d, about)
	if err == nil {
		answered(about, raw.Ack())
		return
	}
	final := errors.As(err, new(undecodable)) || c.isFinal(err)
	if !final && (isUnavailable(err) || place.NumDelivered < uint64(c.attempts)) {
		delay := backoff.After(int(min(place.NumDelivered, 100)))
		about.Warn("message failed", "again_in_seconds", delay.Seconds(), "err", err)
		answered(about, raw.NakWithDelay(delay))
		return
	}
	about.Error("dead letter: "+whyDead(final), "err", err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.working), ackWait/2)
	defer cancel()
	if err := c.park(ctx, d, err, final); err != nil {
		about.Warn("the dead letter could not be kept", "err", err)
		answered(about, raw.NakWithDelay(backoff.After(3)))
		return
	}
	answered(about, raw.Term())
}

func whyDead(final bool) string {
	if final {
		return "another attempt would not help"
	}
	return "the last attempt failed"
}

func answered(log *slog.Logger, err error) {
	if err != nil {
		log.Debug("the broker does not know what came of a message: it comes again", "reason", err.Error())
	}
}

// attempt runs the handler, and tells the broker meanwhile that the message is in good hands.
func (c *consumer) attempt(d *delivery, about *slog.Logger) error {
	done := make(chan struct{})
	defer close(done)
	go func() {
		ticker := time.NewTicker(progressEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				answered(about, d.raw.InProgress())
			case <-done:
				return
			}
		}
	}()
	for waits := 1; ; waits++ {
		err := recovered(func() error { return c.handle(c.working, d) })
		if err == nil || !isUnavailable(err) || c.isFinal(err) || c.stopping.Err() != nil {
			return err
		}
		if waits == 1 {
			about.Warn("message waits", "err", err)
		}
		if !backoff.Sleep(c.stopping, backoff.After(waits)) {
			return err
		}
	}
}
