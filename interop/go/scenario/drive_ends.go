package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	samspel "github.com/samspel/samspel/interop/go"
	scenariov1 "github.com/samspel/samspel/interop/go/scenario/gen/samspel/scenario/v1"
)

const (
	soonTime = 2 * time.Second
	longMs   = 10_000
)

// soon looks again and again until something holds.
func soon(ctx context.Context, what string, within time.Duration, holds func() (bool, error)) error {
	for end := time.Now().Add(within); ; {
		held, err := holds()
		if held || err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s: not within %v", what, within)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *driver) waitedIs(ctx context.Context, id string, end scenariov1.WaitEnd) error {
	return soon(ctx, "Waited says "+end.String(), soonTime, func() (bool, error) {
		answer, err := d.client.Waited(ctx, &scenariov1.WaitedRequest{Id: id})
		return answer.GetEnd() == end, err
	})
}

func deadline(ctx context.Context, d *driver, parameters map[string]string) error {
	id := parameters["run"] + "/late"
	began := time.Now()
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	_, err := d.client.Wait(short, &scenariov1.WaitRequest{Id: id, Ms: longMs})
	if err := same("Wait", status.Code(err), codes.DeadlineExceeded); err != nil {
		return err
	}
	if took := time.Since(began); took > soonTime {
		return fmt.Errorf("it failed after %v", took)
	}
	if err := d.waitedIs(ctx, id, scenariov1.WaitEnd_WAIT_END_CANCELLED); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := d.leftIs(within, id+"/5", 5_000); err != nil {
		return err
	}
	return d.leftIs(ctx, id+"/default", 10_000)
}

func (d *driver) leftIs(ctx context.Context, id string, most uint32) error {
	answer, err := d.client.Wait(ctx, &scenariov1.WaitRequest{Id: id, Ms: 1})
	if err != nil {
		return err
	}
	if left := answer.GetDeadlineLeftMs(); left < 1 || left > most {
		return fmt.Errorf("left of the deadline: expected 1 to %d ms, found %d", most, left)
	}
	return nil
}

func cancellation(ctx context.Context, d *driver, parameters map[string]string) error {
	id := parameters["run"] + "/cancelled"
	calling, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		_, err := d.client.Wait(calling, &scenariov1.WaitRequest{Id: id, Ms: longMs})
		failed <- err
	}()
	if err := d.waitedIs(ctx, id, scenariov1.WaitEnd_WAIT_END_WAITING); err != nil {
		return err
	}
	cancel()
	if err := same("Wait", status.Code(<-failed), codes.Canceled); err != nil {
		return err
	}
	return d.waitedIs(ctx, id, scenariov1.WaitEnd_WAIT_END_CANCELLED)
}

func errorDetail(ctx context.Context, d *driver, _ map[string]string) error {
	_, err := d.client.Fail(ctx, &scenariov1.FailRequest{
		Code: int32(codes.FailedPrecondition), Message: "zu spät", Reason: "SCENARIO_LATE",
		Metadata: map[string]string{"limit": "3"},
	})
	late := samspel.DetailOf(err)
	found := fmt.Sprint(status.Code(err), status.Convert(err).Message(), late.GetCode(), late.GetRetryable(), late.GetMetadata())
	expected := fmt.Sprint(codes.FailedPrecondition, "zu spät", "SCENARIO_LATE", false, map[string]string{"limit": "3"})
	if err := same("the rejection", found, expected); err != nil {
		return err
	}
	_, err = d.client.Fail(ctx, &scenariov1.FailRequest{
		Code: int32(codes.Unavailable), Message: "away", Reason: "SCENARIO_AWAY", Retryable: true,
	})
	away := samspel.DetailOf(err)
	return same("what is away", fmt.Sprint(status.Code(err), away.GetCode(), away.GetRetryable()),
		fmt.Sprint(codes.Unavailable, "SCENARIO_AWAY", true))
}

func unknownError(ctx context.Context, d *driver, _ map[string]string) error {
	_, err := d.client.Fail(ctx, &scenariov1.FailRequest{Crash: true, Message: "secret"})
	found := status.Convert(err)
	return same("the error", fmt.Sprint(found.Code(), found.Message(), len(found.Details())),
		fmt.Sprint(codes.Internal, "internal error", 0))
}
