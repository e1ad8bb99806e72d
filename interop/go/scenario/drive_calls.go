package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	scenariov1 "github.com/samspel/samspel/interop/go/scenario/gen/samspel/scenario/v1"
)

func unary(ctx context.Context, d *driver, _ map[string]string) error {
	for _, text := range []string{"", "grün ✓", strings.Repeat("x", 1<<20)} {
		answer, err := d.client.Echo(ctx, &scenariov1.EchoRequest{Text: text})
		if err != nil {
			return err
		}
		if answer.GetText() != text {
			return fmt.Errorf("the text of %d bytes came back with %d", len(text), len(answer.GetText()))
		}
	}
	return nil
}

func serverStream(ctx context.Context, d *driver, _ map[string]string) error {
	stream, err := d.client.Count(ctx, &scenariov1.CountRequest{To: 1000})
	if err != nil {
		return err
	}
	for number := uint32(1); ; number++ {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			if err := same("numbers", number-1, 1000); err != nil {
				return err
			}
			break
		}
		if err != nil {
			return err
		}
		if err := same("number", answer.GetNumber(), number); err != nil {
			return err
		}
	}
	if err := leaveAfterThree(ctx, d); err != nil {
		return err
	}
	_, err = d.client.Echo(ctx, &scenariov1.EchoRequest{Text: "after"})
	return err
}

func leaveAfterThree(ctx context.Context, d *driver) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	stream, err := d.client.Count(ctx, &scenariov1.CountRequest{To: 0, PauseMs: 1})
	if err != nil {
		return err
	}
	for range 3 {
		if _, err := stream.Recv(); err != nil {
			return err
		}
	}
	return nil
}

func clientStream(ctx context.Context, d *driver, _ map[string]string) error {
	for _, count := range []int64{1000, 0} {
		stream, err := d.client.Sum(ctx)
		if err != nil {
			return err
		}
		for number := int64(1); number <= count; number++ {
			if err := stream.Send(&scenariov1.SumRequest{Number: number}); err != nil {
				return err
			}
		}
		answer, err := stream.CloseAndRecv()
		if err != nil {
			return err
		}
		if err := same("sum", answer.GetSum(), count*(count+1)/2); err != nil {
			return err
		}
		if err := same("count", int64(answer.GetCount()), count); err != nil {
			return err
		}
	}
	return nil
}

func bidiStream(ctx context.Context, d *driver, _ map[string]string) error {
	stream, err := d.client.Chat(ctx)
	if err != nil {
		return err
	}
	for _, text := range []string{"a", "b"} {
		if err := stream.Send(&scenariov1.ChatRequest{Text: text}); err != nil {
			return err
		}
		answer, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := same("text", answer.GetText(), strings.ToUpper(text)); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("the end: expected EOF, found %w", err)
	}
	return nil
}
