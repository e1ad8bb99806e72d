package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/types/known/timestamppb"

	samspel "github.com/samspel/samspel/interop/go"

	cartv1 "github.com/samspel/samspel/examples/shopping-cart/shipping/gen/cart/v1"
	shippingv1 "github.com/samspel/samspel/examples/shopping-cart/shipping/gen/shipping/v1"
)

// createTables makes what shipping keeps, in its schema; another instance may do so at the same time.
func createTables(ctx context.Context, pool *pgxpool.Pool) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			select pg_advisory_xact_lock(hashtext('shipping tables'));
			create table if not exists shipment (
				cart_id text primary key,
				items jsonb not null,
				dispatched_at timestamptz,
				announced boolean not null default false
			);
			create index if not exists shipment_to_announce on shipment (dispatched_at)
				where dispatched_at is not null and not announced`)
		return err
	})
}

// prepare makes the shipment of a cart that was checked out, in the transaction in which the inbox notes the message.
func prepare(ctx context.Context, tx pgx.Tx, message *samspel.Message[*cartv1.CartCheckedOut]) error {
	cart := message.Body
	_, err := tx.Exec(ctx, "insert into shipment (cart_id, items) values ($1, $2) on conflict do nothing",
		cart.GetCartId(), cart.GetItems())
	if err != nil {
		return err
	}
	return notify(ctx, tx, cart.GetCartId())
}

// errNoShipment says that the cart was not checked out, or that this has not arrived here yet.
var errNoShipment = errors.New("no shipment")

// querier is a pool, or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func findShipment(ctx context.Context, db querier, cartID string) (*shippingv1.Shipment, error) {
	return readShipment(db.QueryRow(ctx, "select cart_id, items, dispatched_at from shipment where cart_id = $1", cartID))
}

// dispatch marks a shipment as on its way, where it is not yet. It is to be announced from then on.
func dispatch(ctx context.Context, tx pgx.Tx, cartID string) (*shippingv1.Shipment, error) {
	shipment, err := readShipment(tx.QueryRow(ctx, `
		update shipment set dispatched_at = coalesce(dispatched_at, now())
		where cart_id = $1 returning cart_id, items, dispatched_at`, cartID))
	if err != nil {
		return nil, err
	}
	return shipment, notify(ctx, tx, cartID)
}

func readShipment(row pgx.Row) (*shippingv1.Shipment, error) {
	shipment := &shippingv1.Shipment{Status: shippingv1.ShipmentStatus_SHIPMENT_STATUS_PREPARED}
	var dispatchedAt *time.Time
	err := row.Scan(&shipment.CartId, &shipment.Items, &dispatchedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoShipment
	}
	if err != nil {
		return nil, err
	}
	if dispatchedAt != nil {
		shipment.Status = shippingv1.ShipmentStatus_SHIPMENT_STATUS_DISPATCHED
		shipment.DispatchedAt = timestamppb.New(*dispatchedAt)
	}
	return shipment, nil
}
