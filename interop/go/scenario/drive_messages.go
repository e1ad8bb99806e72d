package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	samspel "github.com/samspel/samspel/interop/go"
	scenariov1 "github.com/samspel/samspel/interop/go/scenario/gen/samspel/scenario/v1"
)

var note = samspel.NewMethod[*scenariov1.NoteRequest, *scenariov1.NoteResponse](
	scenariov1.ScenarioService_Note_FullMethodName)

func topic(ctx context.Context, d *driver, parameters map[string]string) error {
	group, ctx := errgroup.WithContext(ctx)
	for key := range 20 {
		group.Go(func() error {
			for number := uint32(1); number <= 10; number++ {
				event := &scenariov1.HappenedEvent{Key: fmt.Sprintf("k-%d", key), Number: number}
				id := fmt.Sprintf("%s/%s/%d", parameters["run"], event.GetKey(), number)
				for range 2 {
					err := samspel.Publish(ctx, d.broker, happened, event,
						samspel.WithID(id), samspel.WithHeader("x-tenant", "grün"))
					if err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func tell(ctx context.Context, d *driver, parameters map[string]string) error {
	for range 2 {
		receipt, err := samspel.Tell(ctx, d.broker, note, &scenariov1.NoteRequest{Key: parameters["key"], Text: "told"},
			samspel.WithID(parameters["id"]), samspel.WithHeader("x-tenant", "grün"))
		if err != nil {
			return err
		}
		waiting, cancel := context.WithTimeout(ctx, 15*time.Second)
		reply, err := receipt.Reply(waiting)
		cancel()
		if err != nil {
			return err
		}
		if err := same("count", reply.GetCount(), 1); err != nil {
			return err
		}
	}
	return nil
}

func tellRejected(ctx context.Context, d *driver, parameters map[string]string) error {
	receipt, err := samspel.Tell(ctx, d.broker, note, &scenariov1.NoteRequest{Key: "reject", Text: "told"},
		samspel.WithID(parameters["id"]))
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err = receipt.Reply(waiting)
	return same("the reply", fmt.Sprint(status.Code(err), samspel.DetailOf(err).GetCode()),
		fmt.Sprint(codes.FailedPrecondition, "SCENARIO_REJECTED"))
}
