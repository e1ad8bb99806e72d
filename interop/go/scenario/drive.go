package main

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	samspel "github.com/samspel/samspel/interop/go"
	scenariov1 "github.com/samspel/samspel/interop/go/scenario/gen/samspel/scenario/v1"
)

// driver is the other side: it calls ScenarioService as a service in Go would.
type driver struct {
	scenariov1.UnimplementedScenarioDriverServer
	conn   *grpc.ClientConn
	client scenariov1.ScenarioServiceClient
	broker *samspel.Broker
}

func drive(ctx context.Context, s *samspel.Service) error {
	conn, err := s.Client(scenariov1.ScenarioService_ServiceDesc.ServiceName)
	if err != nil {
		return err
	}
	broker, err := s.Broker(ctx)
	if err != nil {
		return err
	}
	scenariov1.RegisterScenarioDriverServer(s, &driver{
		conn: conn, client: scenariov1.NewScenarioServiceClient(conn), broker: broker,
	})
	return nil
}

// scenario returns what does not hold.
type scenario func(ctx context.Context, d *driver, parameters map[string]string) error

var scenarios = map[string]scenario{
	"unary":           unary,
	"server-stream":   serverStream,
	"client-stream":   clientStream,
	"bidi-stream":     bidiStream,
	"deadline":        deadline,
	"cancellation":    cancellation,
	"error-detail":    errorDetail,
	"unknown-error":   unknownError,
	"metadata":        metadataTravels,
	"trace-context":   traceContext,
	"health":          health,
	"reflection":      reflection,
	"discovery":       discovery,
	"topic":           topic,
	"tell":            tell,
	"tell-rejected":   tellRejected,
	"re-registration": neverFails(1),
	"drain":           neverFails(8),
	"mtls":            mtls,
}

func (d *driver) Run(ctx context.Context, r *scenariov1.RunRequest) (*scenariov1.RunResponse, error) {
	run, ok := scenarios[r.GetScenario()]
	if !ok {
		return nil, samspel.Rejectf(codes.Unimplemented, "there is no scenario %s here", r.GetScenario())
	}
	if err := run(ctx, d, r.GetParameters()); err != nil {
		return &scenariov1.RunResponse{Message: err.Error()}, nil
	}
	return &scenariov1.RunResponse{Passed: true}, nil
}

func same[T comparable](what string, found, expected T) error {
	if found != expected {
		return fmt.Errorf("%s: expected %v, found %v", what, expected, found)
	}
	return nil
}
