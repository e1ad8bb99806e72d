package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	samspel "github.com/samspel/samspel/interop/go"
	scenariov1 "github.com/samspel/samspel/interop/go/scenario/gen/samspel/scenario/v1"
)

// The methods that keep something, or tell what was kept.

func (s *scenarioServer) Note(ctx context.Context, r *scenariov1.NoteRequest) (*scenariov1.NoteResponse, error) {
	if r.GetKey() == "reject" {
		return nil, samspel.Reject(codes.FailedPrecondition, "this key is refused").WithReason("SCENARIO_REJECTED")
	}
	response := &scenariov1.NoteResponse{}
	err := s.box.Command(ctx, func(tx pgx.Tx, again bool) error {
		if !again {
			_, err := tx.Exec(ctx, `
				insert into note (key, text, command_id, tenant, traceparent) values ($1, $2, $3, $4, $5)`,
				r.GetKey(), r.GetText(), samspel.CommandID(ctx), header(ctx, "x-tenant"), header(ctx, "traceparent"))
			if err != nil {
				return err
			}
		}
		return tx.QueryRow(ctx, "select count(*) from note where key = $1", r.GetKey()).Scan(&response.Count)
	})
	return response, err
}

func header(ctx context.Context, name string) string {
	if values := metadata.ValueFromIncomingContext(ctx, name); len(values) > 0 {
		return values[0]
	}
	return ""
}

func (s *scenarioServer) Notes(ctx context.Context, r *scenariov1.NotesRequest) (*scenariov1.NotesResponse, error) {
	rows, err := s.box.Pool().Query(ctx,
		"select text, command_id, tenant, traceparent from note where key = $1 order by at", r.GetKey())
	if err != nil {
		return nil, err
	}
	notes, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*scenariov1.NoteTaken, error) {
		note := &scenariov1.NoteTaken{}
		return note, row.Scan(&note.Text, &note.CommandId, &note.Tenant, &note.Traceparent)
	})
	return &scenariov1.NotesResponse{Notes: notes}, err
}

func (s *scenarioServer) Consumed(ctx context.Context, _ *scenariov1.ConsumedRequest) (*scenariov1.ConsumedResponse, error) {
	rows, err := s.box.Pool().Query(ctx, "select id, key, number, tenant, traceparent, source from consumed order by at")
	if err != nil {
		return nil, err
	}
	events, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*scenariov1.ConsumedEvent, error) {
		e := &scenariov1.ConsumedEvent{Event: &scenariov1.HappenedEvent{}}
		return e, row.Scan(&e.Id, &e.Event.Key, &e.Event.Number, &e.Tenant, &e.Traceparent, &e.Source)
	})
	return &scenariov1.ConsumedResponse{Events: events}, err
}
