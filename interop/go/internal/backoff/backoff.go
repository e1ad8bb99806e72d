// Package backoff says how long to wait between attempts: exponential, with jitter, so that many clients do not come
// back at once. After "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	first   = 100 * time.Millisecond
	longest = 5 * time.Second
)

// After says how long to wait after failed attempt number n (1, 2, 3 …): between half and all of 0.1, 0.2, 0.4 … 5 s.
// The seven waits between eight attempts take 11.3 s at the most.
func After(n int) time.Duration {
	ceiling := min(longest, first<<min(max(n-1, 0), 16))
	return ceiling/2 + rand.N(ceiling/2+1)
}

// Sleep waits for d, or until ctx is done, and says whether it waited to the end.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
