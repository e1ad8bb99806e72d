package main

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	samspel "github.com/samspel/samspel/interop/go"
	scenariov1 "github.com/samspel/samspel/interop/go/scenario/gen/samspel/scenario/v1"
)

func (s *scenarioServer) Caller(ctx context.Context, _ *scenariov1.CallerRequest) (*scenariov1.CallerResponse, error) {
	caller, _ := samspel.CallerFromContext(ctx)
	return &scenariov1.CallerResponse{SpiffeId: caller.SPIFFEID, Service: caller.Service}, nil
}

var ownID = regexp.MustCompile(`^spiffe://[^/]+/ns/default/dc/[^/]+/svc/driver-go$`)

func mtls(ctx context.Context, d *driver, parameters map[string]string) error {
	if parameters["expect"] == "denied" {
		return soon(ctx, "calls are refused", 5*time.Second, func() (bool, error) {
			_, err := d.client.Echo(ctx, &scenariov1.EchoRequest{Text: "?"})
			code := status.Code(err)
			return code == codes.PermissionDenied || code == codes.Unavailable, nil
		})
	}
	answer, err := d.client.Caller(ctx, &scenariov1.CallerRequest{})
	if err != nil {
		return err
	}
	if err := same("the caller", answer.GetService(), "driver-go"); err != nil {
		return err
	}
	if !ownID.MatchString(answer.GetSpiffeId()) {
		return fmt.Errorf("its id: expected %s, found %s", ownID, answer.GetSpiffeId())
	}
	return nil
}
