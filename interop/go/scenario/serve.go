package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	samspel "github.com/samspel/samspel/interop/go"
	"github.com/samspel/samspel/interop/go/inbox"
	scenariov1 "github.com/samspel/samspel/interop/go/scenario/gen/samspel/scenario/v1"
)

var happened = samspel.NewTopic[*scenariov1.HappenedEvent](scenariov1.ScenarioTopics_Happened_FullMethodName)

// serve is what is called, with what it is told and what it consumes.
func serve(ctx context.Context, s *samspel.Service) error {
	box, err := inbox.Open(ctx, s)
	if err != nil {
		return err
	}
	if err := createTables(ctx, box.Pool()); err != nil {
		return err
	}
	scenariov1.RegisterScenarioServiceServer(s, newScenarioServer(box))
	s.TakeTells(&scenariov1.ScenarioService_ServiceDesc)
	samspel.Subscribe(s, happened, "scenario", inbox.Handle(box, consume), samspel.Attempts(3))
	return nil
}

func consume(ctx context.Context, tx pgx.Tx, message *samspel.Message[*scenariov1.HappenedEvent]) error {
	event := message.Body
	if event.GetPoison() {
		return fmt.Errorf("%s/%d is poison", event.GetKey(), event.GetNumber())
	}
	_, err := tx.Exec(ctx, `
		insert into consumed (id, key, number, tenant, traceparent, source) values ($1, $2, $3, $4, $5, $6)`,
		message.ID, event.GetKey(), event.GetNumber(),
		message.Headers["x-tenant"], message.Headers["traceparent"], message.Headers["ce-source"])
	return err
}
