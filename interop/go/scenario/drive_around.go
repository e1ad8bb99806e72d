package main

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	scenariov1 "github.com/samspel/samspel/interop/go/scenario/gen/samspel/scenario/v1"
)

var serviceName = scenariov1.ScenarioService_ServiceDesc.ServiceName

func metadataTravels(ctx context.Context, d *driver, _ map[string]string) error {
	var header, trailer metadata.MD
	ctx = metadata.AppendToOutgoingContext(ctx, "x-scenario-text", "hello", "x-scenario-bin", "\x00\x01\xff")
	answer, err := d.client.Metadata(ctx, &scenariov1.MetadataRequest{Header: "h", Trailer: "t"},
		grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil {
		return err
	}
	entries := answer.GetEntries()
	return same("metadata",
		fmt.Sprint(entries["x-scenario-text"], entries["x-scenario-bin"], header["x-scenario-header"], trailer["x-scenario-trailer"]),
		fmt.Sprint("hello", "AAH/", []string{"h"}, []string{"t"}))
}

func traceContext(ctx context.Context, d *driver, parameters map[string]string) error {
	_, err := d.client.Note(ctx, &scenariov1.NoteRequest{Key: parameters["key"], Text: "traced"})
	return err
}

func health(ctx context.Context, d *driver, _ map[string]string) error {
	client := healthpb.NewHealthClient(d.conn)
	for _, service := range []string{"", serviceName} {
		answer, err := client.Check(ctx, &healthpb.HealthCheckRequest{Service: service})
		if err != nil {
			return err
		}
		if err := same("health of "+service, answer.GetStatus(), healthpb.HealthCheckResponse_SERVING); err != nil {
			return err
		}
	}
	_, err := client.Check(ctx, &healthpb.HealthCheckRequest{Service: "no.such.Service"})
	return same("health of another", status.Code(err), codes.NotFound)
}

func reflection(ctx context.Context, d *driver, _ map[string]string) error {
	stream, err := reflectionpb.NewServerReflectionClient(d.conn).ServerReflectionInfo(ctx)
	if err != nil {
		return err
	}
	ask := func(request *reflectionpb.ServerReflectionRequest) (*reflectionpb.ServerReflectionResponse, error) {
		if err := stream.Send(request); err != nil {
			return nil, err
		}
		return stream.Recv()
	}
	listed, err := ask(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{},
	})
	if err != nil {
		return err
	}
	found := false
	for _, service := range listed.GetListServicesResponse().GetService() {
		found = found || service.GetName() == serviceName
	}
	if err := same("it lists the service", found, true); err != nil {
		return err
	}
	given, err := ask(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: serviceName},
	})
	if err != nil {
		return err
	}
	found = false
	for _, bytes := range given.GetFileDescriptorResponse().GetFileDescriptorProto() {
		file := &descriptorpb.FileDescriptorProto{}
		if err := proto.Unmarshal(bytes, file); err != nil {
			return err
		}
		for _, service := range file.GetService() {
			found = found || file.GetPackage()+"."+service.GetName() == serviceName
		}
	}
	if err := same("it gives the service's file", found, true); err != nil {
		return err
	}
	return stream.CloseSend()
}
