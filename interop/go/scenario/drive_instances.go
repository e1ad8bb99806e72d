package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	scenariov1 "github.com/samspel/samspel/interop/go/scenario/gen/samspel/scenario/v1"
)

const callsInARow = 100

func (d *driver) servedBy(ctx context.Context) (string, error) {
	answer, err := d.client.Echo(ctx, &scenariov1.EchoRequest{Text: "who"})
	return answer.GetServedBy(), err
}

func discovery(ctx context.Context, d *driver, parameters map[string]string) error {
	if gone := parameters["gone"]; gone != "" {
		return d.isGone(ctx, gone)
	}
	instances, err := strconv.Atoi(parameters["instances"])
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	err = soon(ctx, fmt.Sprintf("%d instances answer", instances), 15*time.Second, func() (bool, error) {
		name, err := d.servedBy(ctx)
		seen[name] = true
		return len(seen) == instances, err
	})
	if err != nil {
		return err
	}
	shares := map[string]int{}
	for range callsInARow {
		name, err := d.servedBy(ctx)
		if err != nil {
			return err
		}
		shares[name]++
	}
	for name := range seen {
		if shares[name] < callsInARow/instances/5 {
			return fmt.Errorf("%s has no fair share: %v", name, shares)
		}
	}
	return nil
}

// isGone says whether an instance is not seen in a hundred calls in a row.
func (d *driver) isGone(ctx context.Context, gone string) error {
	without := 0
	return soon(ctx, gone+" is gone", 10*time.Second, func() (bool, error) {
		for range 20 {
			name, err := d.servedBy(ctx)
			if err != nil {
				return false, err
			}
			if without++; name == gone {
				without = 0
			}
		}
		return without >= callsInARow, nil
	})
}

// neverFails calls all the time, from so many callers at once.
func neverFails(callers int) scenario {
	return func(ctx context.Context, d *driver, parameters map[string]string) error {
		seconds, err := strconv.Atoi(parameters["seconds"])
		if err != nil {
			return err
		}
		end := time.Now().Add(time.Duration(seconds) * time.Second)
		group, ctx := errgroup.WithContext(ctx)
		for range callers {
			group.Go(func() error {
				for time.Now().Before(end) {
					if _, err := d.client.Echo(ctx, &scenariov1.EchoRequest{Text: "on"}); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return group.Wait()
	}
}
