package main

import (
	"context"
	"sync"
	"time"

	scenariov1 "github.com/samspel/samspel/interop/go/scenario/gen/samspel/scenario/v1"
)

// waits remembers how calls of Wait ended.
type waits struct {
	mu   sync.Mutex
	ends map[string]scenariov1.WaitEnd
}

func (w *waits) set(id string, end scenariov1.WaitEnd) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ends == nil {
		w.ends = map[string]scenariov1.WaitEnd{}
	}
	w.ends[id] = end
}

func (s *scenarioServer) Wait(ctx context.Context, r *scenariov1.WaitRequest) (*scenariov1.WaitResponse, error) {
	left := time.Duration(0)
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	s.waits.set(r.GetId(), scenariov1.WaitEnd_WAIT_END_WAITING)
	select {
	case <-ctx.Done():
		s.waits.set(r.GetId(), scenariov1.WaitEnd_WAIT_END_CANCELLED)
		return nil, ctx.Err()
	case <-time.After(time.Duration(r.GetMs()) * time.Millisecond):
	}
	s.waits.set(r.GetId(), scenariov1.WaitEnd_WAIT_END_FINISHED)
	return &scenariov1.WaitResponse{DeadlineLeftMs: uint32(max(0, left.Milliseconds()))}, nil
}

func (s *scenarioServer) Waited(_ context.Context, r *scenariov1.WaitedRequest) (*scenariov1.WaitedResponse, error) {
	s.waits.mu.Lock()
	defer s.waits.mu.Unlock()
	return &scenariov1.WaitedResponse{End: s.waits.ends[r.GetId()]}, nil
}
