package main

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// channel is Postgres's: whoever changes a shipment, in any instance, says which one there when it is committed.
const channel = "shipment_changed"

func notify(ctx context.Context, tx pgx.Tx, cartID string) error {
	// The channel is the database's, so it names the schema. A payload has room for 8,000 bytes; without an id it is all.
	_, err := tx.Exec(ctx, `
		select pg_notify($1, current_schema() || '/' || case when octet_length($2) < 4000 then $2 else '' end)`, channel, cartID)
	return err
}

// changes tells those who track a shipment when it has changed, or may have.
type changes struct {
	mu       sync.Mutex
	trackers map[chan struct{}]string
}

func watchChanges(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) *changes {
	c := &changes{trackers: map[chan struct{}]string{}}
	go func() {
		for ctx.Err() == nil {
			if err := c.listen(ctx, pool); err != nil && ctx.Err() == nil {
				log.Warn("changes are not heard for a moment", "err", err)
				select {
				case <-time.After(time.Second):
				case <-ctx.Done():
				}
			}
		}
	}()
	return c
}

// of says when the shipment of a cart may have changed, until forget.
func (c *changes) of(cartID string) (changed <-chan struct{}, forget func()) {
	tracker := make(chan struct{}, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trackers[tracker] = cartID
	return tracker, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.trackers, tracker)
	}
}

func (c *changes) listen(ctx context.Context, pool *pgxpool.Pool) error {
	pooled, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	conn := pooled.Hijack() // it listens for good, so it is not the pool's any more
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "listen "+channel); err != nil {
		return err
	}
	var schema string
	if err := conn.QueryRow(ctx, "select current_schema()").Scan(&schema); err != nil {
		return err
	}
	c.tell("") // what was said before was missed
	for {
		notification, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if cartID, own := strings.CutPrefix(notification.Payload, schema+"/"); own {
			c.tell(cartID)
		}
	}
}

// tell wakes the trackers of a cart, or all.
func (c *changes) tell(cartID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for tracker, tracked := range c.trackers {
		if cartID == "" || tracked == cartID {
			select {
			case tracker <- struct{}{}:
			default: // it is told already
			}
		}
	}
}
