// Package inbox makes "at least once" once in effect: for handlers of topics and of commands whose effect is in
// Postgres. It notes what it handles in a table of the service's schema, in the transaction of the effect.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	samspel "github.com/samspel/samspel/interop/go"
	"github.com/samspel/samspel/interop/go/internal/redact"
)

const (
	// keptFor is how long a note counts: as long as a tell's id, and longer than a message stays in doubt.
	keptFor = 7 * 24 * time.Hour
	// Old notes are deleted by one transaction in so many.
	cleanOneIn  = 1000
	connectTime = 10 * time.Second
)

// Inbox is the table of what was handled, and the pool that it lies behind.
type Inbox struct{ pool *pgxpool.Pool }

// Open connects to the Postgres of the service (DATABASE_URL), makes its schema (SAMSPEL_SCHEMA) and the inbox's table
// where they are missing, and closes with the service. Unqualified names in the pool's statements are in that schema.
func Open(ctx context.Context, s *samspel.Service) (*Inbox, error) {
	settings := s.Settings()
	url, err := settings.DatabaseURL()
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil { // pgx's own message may have the password
		return nil, fmt.Errorf("DATABASE_URL must be a postgres:// URL: %s cannot be read", redact.URL(url))
	}
	config.ConnConfig.RuntimeParams["search_path"] = pgx.Identifier{settings.Schema()}.Sanitize()
	config.ConnConfig.RuntimeParams["application_name"] = settings.Service
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("cannot open a pool: %w", err)
	}
	starting, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	if err := Prepare(starting, pool, settings.Schema()); err != nil {
		pool.Close()
		return nil, fmt.Errorf("the Postgres of DATABASE_URL %s cannot be used: %w", redact.URL(url), err)
	}
	s.Defer(pool.Close)
	return New(pool), nil
}

// New makes an inbox of a pool whose search path begins with the schema that was given to [Prepare].
func New(pool *pgxpool.Pool) *Inbox { return &Inbox{pool} }

// Pool is the pool that the inbox lies behind.
func (i *Inbox) Pool() *pgxpool.Pool { return i.pool }

// schemaLock is any number that all who make the schema agree on: two that make it at once would collide.
const schemaLock = 0x73616d7370656c

// Prepare makes a schema and the inbox's table, where they are missing.
func Prepare(ctx context.Context, pool *pgxpool.Pool, schema string) error {
	name := pgx.Identifier{schema}.Sanitize()
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", int64(schemaLock)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "create schema if not exists "+name); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `create table if not exists `+name+`.samspel_inbox (
			subscription text,
			message_id text,
			received_at timestamptz not null default now(),
			primary key (subscription, message_id)
		)`)
		return err
	})
}

// Handle makes a handler of a topic's messages of one that gets a transaction, in which the message's id is noted. A
// message whose id is noted was handled before, and is not handled again. What the handler does within tx happens once;
// its error rolls tx back. A database that is away has the message wait, and counts no attempt.
func Handle[T proto.Message](
	i *Inbox, handle func(ctx context.Context, tx pgx.Tx, message *samspel.Message[T]) error,
) samspel.Handler[T] {
	return func(ctx context.Context, message *samspel.Message[T]) error {
		return i.once(ctx, message.Subscription(), message.ID, func(tx pgx.Tx, again bool) error {
			if again {
				return nil
			}
			return handle(ctx, tx, message)
		})
	}
}

// Command carries out what a tell or a call asks for, in a transaction in which the command's id is noted. Again is
// true where it was carried out before: then answer from what is there, and change nothing. A call without a command id
// is never carried out before. A database that is away is samspel.Unavailable.
func (i *Inbox) Command(ctx context.Context, carryOut func(tx pgx.Tx, again bool) error) error {
	command, ok := samspel.CommandFromContext(ctx)
	if !ok {
		return Available(ctx, pgx.BeginFunc(ctx, i.pool, func(tx pgx.Tx) error { return carryOut(tx, false) }))
	}
	return i.once(ctx, "handler/tell."+command.ProtoService, command.MessageID(), carryOut)
}

func (i *Inbox) once(ctx context.Context, subscription, id string, do func(tx pgx.Tx, again bool) error) error {
	err := pgx.BeginFunc(ctx, i.pool, func(tx pgx.Tx) error {
		noted, err := tx.Exec(ctx,
			"insert into samspel_inbox (subscription, message_id) values ($1, $2) on conflict do nothing", subscription, id)
		if err != nil {
			return err
		}
		return do(tx, noted.RowsAffected() == 0)
	})
	if err == nil && rand.IntN(cleanOneIn) == 0 {
		// Another time will do where this fails.
		_, _ = i.pool.Exec(ctx, "delete from samspel_inbox where received_at < now() - $1::interval", keptFor)
	}
	return Available(ctx, err)
}

// Available makes samspel.Unavailable of an error that says that the database is away, or ended the transaction for no
// fault of its own; other errors stay as they are, and so do those of a context that has ended.
func Available(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || errors.As(err, new(*samspel.Rejection)) {
		return err
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		switch {
		case refused.Code[:2] == "08", // connection exception
			refused.Code[:2] == "53",                                                                           // insufficient resources: too many connections, a full disk
			refused.Code == "57P01", refused.Code == "57P02", refused.Code == "57P03", refused.Code == "57P05", // shut down
			refused.Code == "40001", refused.Code == "40P01", // serialisation, deadlock
			refused.Code == "25006": // a standby
			return samspel.Unavailable("the database does not answer", err)
		}
		return err
	}
	var connecting *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &connecting) || errors.As(err, &network) || pgconn.SafeToRetry(err) || isClosed(err) {
		return samspel.Unavailable("the database does not answer", err)
	}
	return err
}
