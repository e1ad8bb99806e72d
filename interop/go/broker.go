package samspel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/samspel/samspel/interop/go/internal/backoff"
	"github.com/samspel/samspel/interop/go/internal/redact"
)

const (
	firstConnectTime = 10 * time.Second
	tryTime          = 2 * time.Second
)

// Broker is a connection to NATS: what topics and tells go through. It reconnects for ever. It is safe for concurrent
// use; [Service.Broker] is a service's one.
type Broker struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	prefix string
	source string
	log    *slog.Logger

	lanes lanes
}

// ConnectBroker connects to the NATS of the settings. Where no server answers within 10 s, the error says so.
func ConnectBroker(ctx context.Context, settings Settings, log *slog.Logger) (*Broker, error) {
	url, err := settings.NATSURL()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, firstConnectTime)
	defer cancel()
	b := &Broker{prefix: settings.TopicPrefix, source: settings.Service, log: log}
	for {
		b.conn, err = nats.Connect(url, b.options()...)
		if err == nil {
			break
		}
		if !backoff.Sleep(ctx, 250*time.Millisecond) {
			return nil, misconfigured("Cannot start %s as no NATS server answers at NATS_URL %s: %v",
				settings.Service, redact.URL(url), err)
		}
	}
	if b.js, err = jetstream.New(b.conn); err != nil {
		b.conn.Close()
		return nil, fmt.Errorf("cannot use JetStream: %w", err)
	}
	return b, nil
}

func (b *Broker) options() []nats.Option {
	return []nats.Option{
		nats.Name(b.source),
		nats.Timeout(tryTime),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.IgnoreAuthErrorAbort(),
		nats.DisconnectErrHandler(func(c *nats.Conn, err error) {
			if !c.IsClosed() && err != nil {
				b.log.Warn("NATS connection lost", "reason", err.Error())
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { b.log.Info("NATS connection restored") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			b.log.Debug("NATS connection failed", "reason", err.Error())
		}),
	}
}

// Conn is the connection itself, for what else a service does with NATS.
func (b *Broker) Conn() *nats.Conn { return b.conn }

// Close sends what is on its way, and closes. A connection that is lost by then is left as it is.
func (b *Broker) Close() {
	if b.conn.IsConnected() {
		if err := b.conn.FlushTimeout(tryTime); err != nil {
			b.log.Warn("acknowledgements may be lost", "reason", err.Error())
		}
	}
	b.conn.Close()
}

// store publishes until the stream has acked it, or ctx is done. The same message id makes trying again harmless.
// prepare makes the stream, where there is none.
func (b *Broker) store(ctx context.Context, message *nats.Msg, prepare func(context.Context) error) error {
	var trouble error
	for {
		try, cancel := context.WithTimeout(ctx, tryTime)
		_, err := b.js.PublishMsg(try, message, jetstream.WithRetryAttempts(0))
		if errors.Is(err, jetstream.ErrNoStreamResponse) {
			if err = prepare(try); err == nil && ctx.Err() == nil {
				cancel()
				continue
			}
		}
		cancel()
		if err == nil {
			return nil
		}
		if isPermanent(err) {
			return fmt.Errorf("cannot publish to %s: %w", message.Subject, err)
		}
		if trouble == nil || ctx.Err() == nil {
			trouble = err
		}
		if !backoff.Sleep(ctx, 100*time.Millisecond) {
			return Unavailable("the broker is not known to have stored it; try again with the same id", trouble).
				WithReason(reasonBroker)
		}
	}
}

// isPermanent says whether another try cannot help: the message is too large for the server or for the stream, or the
// settings are wrong.
func isPermanent(err error) bool {
	const messageTooLarge jetstream.ErrorCode = 10054
	var refused *jetstream.APIError
	var configuration *ConfigurationError
	return errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrConnectionClosed) ||
		errors.As(err, &configuration) || (errors.As(err, &refused) && refused.ErrorCode == messageTooLarge)
}

// lanes has the messages of one key sent one at a time, in the order in which they were begun in this process.
type lanes struct {
	mu   sync.Mutex
	last map[string]chan struct{}
}

// enter waits until those before are sent, or ctx is done. Call leave in any case.
func (l *lanes) enter(ctx context.Context, key string) (leave func(), err error) {
	mine := make(chan struct{})
	l.mu.Lock()
	if l.last == nil {
		l.last = map[string]chan struct{}{}
	}
	before := l.last[key]
	l.last[key] = mine
	l.mu.Unlock()
	end := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.last[key] == mine {
			delete(l.last, key)
		}
		close(mine)
	}
	if before == nil {
		return end, nil
	}
	select {
	case <-before:
		return end, nil
	case <-ctx.Done():
		// Who comes after must still wait for those before.
		return func() { go func() { <-before; end() }() }, ctx.Err()
	}
}
