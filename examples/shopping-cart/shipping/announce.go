package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	samspel "github.com/samspel/samspel/interop/go"

	shippingv1 "github.com/samspel/samspel/examples/shopping-cart/shipping/gen/shipping/v1"
)

// announcer publishes each shipment that was dispatched. What is to be announced is in the table, in the transaction of
// the dispatch, so none is forgotten, whatever dies. One that was published, but not yet marked, is published again,
// under the same id, the cart's: in effect once.
type announcer struct{ due chan struct{} }

// lookEvery is how long what another instance left behind may wait.
const lookEvery = 5 * time.Second

func announceDispatched(ctx context.Context, pool *pgxpool.Pool, broker *samspel.Broker, log *slog.Logger) *announcer {
	a := &announcer{due: make(chan struct{}, 1)}
	go func() {
		for ctx.Err() == nil {
			announced, err := announceOne(ctx, pool, broker)
			if err != nil && ctx.Err() == nil {
				log.Warn("not announced yet", "err", err)
			}
			if announced {
				continue
			}
			select {
			case <-a.due:
			case <-time.After(lookEvery):
			case <-ctx.Done():
			}
		}
	}()
	return a
}

// wake says that there is something to announce.
func (a *announcer) wake() {
	select {
	case a.due <- struct{}{}:
	default:
	}
}

// announceOne publishes one shipment, and marks it. Instances share them: each skips what another has in hand.
func announceOne(ctx context.Context, pool *pgxpool.Pool, broker *samspel.Broker) (announced bool, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		event := &shippingv1.ShipmentDispatched{}
		err := tx.QueryRow(ctx, `
			select cart_id, items from shipment where dispatched_at is not null and not announced
			order by dispatched_at limit 1 for update skip locked`).Scan(&event.CartId, &event.Items)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := samspel.Publish(ctx, broker, dispatched, event, samspel.WithID(event.GetCartId())); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "update shipment set announced = true where cart_id = $1", event.GetCartId())
		announced = err == nil
		return err
	})
	return announced && err == nil, err
}
