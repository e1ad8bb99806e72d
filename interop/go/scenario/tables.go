package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// createTables makes what is noted and consumed; another instance may do so at the same time.
func createTables(ctx context.Context, pool *pgxpool.Pool) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			select pg_advisory_xact_lock(hashtext('scenario tables'));
			create table if not exists note (
				at bigint generated always as identity primary key,
				key text, text text, command_id text, tenant text, traceparent text
			);
			create table if not exists consumed (
				at bigint generated always as identity primary key,
				id text, key text, number int, tenant text, traceparent text, source text
			)`)
		return err
	})
}
