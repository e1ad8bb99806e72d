package samspel

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

func TestLanesKeepTheOrderOfTheCallsOfAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lanes
		var mu sync.Mutex
		var order []int
		first, err := l.enter(context.Background(), "k")
		if err != nil {
			t.Fatal(err)
		}
		impatient, give := context.WithCancel(context.Background())
		for n := 1; n <= 4; n++ {
			ctx := context.Background()
			if n == 2 {
				ctx = impatient
			}
			go func() {
				leave, err := l.enter(ctx, "k")
				defer leave()
				if err == nil {
					mu.Lock()
					order = append(order, n)
					mu.Unlock()
				}
			}()
			synctest.Wait() // it stands in line
		}
		give()
		synctest.Wait()
		if len(order) > 0 {
			t.Fatalf("who came after one that gave up overtook who was before it: %v", order)
		}
		other, err := l.enter(context.Background(), "another")
		if err != nil {
			t.Fatal("another key waits")
		}
		other()
		first()
		synctest.Wait()
		if !slices.Equal(order, []int{1, 3, 4}) || len(l.last) != 0 {
			t.Errorf("%v, and %d lanes are left", order, len(l.last))
		}
	})
}
