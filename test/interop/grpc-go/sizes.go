package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"google.golang.org/grpc/stats"
)

// Counts the messages that came compressed.
type sizes struct {
	inCompressed atomic.Int64
}

func (s *sizes) HandleRPC(_ context.Context, event stats.RPCStats) {
	if in, ok := event.(*stats.InPayload); ok && in.CompressedLength < in.Length {
		s.inCompressed.Add(1)
	}
}

func (s *sizes) compressed(want int64) error {
	if got := s.inCompressed.Load(); got != want {
		return fmt.Errorf("%d messages came compressed in place of %d", got, want)
	}
	return nil
}

func (*sizes) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*sizes) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*sizes) HandleConn(context.Context, stats.ConnStats)                       {}

func onlyEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return fmt.Errorf("the stream did not end well: %w", err)
}
