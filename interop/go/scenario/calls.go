package main

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	samspel "github.com/samspel/samspel/interop/go"
	"github.com/samspel/samspel/interop/go/inbox"
	scenariov1 "github.com/samspel/samspel/interop/go/scenario/gen/samspel/scenario/v1"
)

type scenarioServer struct {
	scenariov1.UnimplementedScenarioServiceServer
	box      *inbox.Inbox
	servedBy string
	waits    waits
}

func newScenarioServer(box *inbox.Inbox) *scenarioServer {
	servedBy := "scenario-go"
	if instance := os.Getenv("SCENARIO_INSTANCE"); instance != "" {
		servedBy += "/" + instance
	}
	return &scenarioServer{box: box, servedBy: servedBy}
}

func (s *scenarioServer) Echo(_ context.Context, r *scenariov1.EchoRequest) (*scenariov1.EchoResponse, error) {
	return &scenariov1.EchoResponse{Text: r.GetText(), ServedBy: s.servedBy}, nil
}

func (s *scenarioServer) Count(r *scenariov1.CountRequest, stream grpc.ServerStreamingServer[scenariov1.CountResponse]) error {
	for number := uint32(1); r.GetTo() == 0 || number <= r.GetTo(); number++ {
		if pause := time.Duration(r.GetPauseMs()) * time.Millisecond; number > 1 && pause > 0 {
			select {
			case <-time.After(pause):
			case <-stream.Context().Done():
				return stream.Context().Err()
			}
		}
		if err := stream.Send(&scenariov1.CountResponse{Number: number}); err != nil {
			return err
		}
	}
	return nil
}

func (s *scenarioServer) Sum(stream grpc.ClientStreamingServer[scenariov1.SumRequest, scenariov1.SumResponse]) error {
	sum := &scenariov1.SumResponse{}
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(sum)
		}
		if err != nil {
			return err
		}
		sum.Sum += request.GetNumber()
		sum.Count++
	}
}

func (s *scenarioServer) Chat(stream grpc.BidiStreamingServer[scenariov1.ChatRequest, scenariov1.ChatResponse]) error {
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&scenariov1.ChatResponse{Text: strings.ToUpper(request.GetText())}); err != nil {
			return err
		}
	}
}

func (s *scenarioServer) Fail(_ context.Context, r *scenariov1.FailRequest) (*scenariov1.FailResponse, error) {
	if r.GetCrash() {
		return nil, errors.New(r.GetMessage())
	}
	rejection := samspel.Reject(codes.Code(r.GetCode()), r.GetMessage()).WithReason(r.GetReason())
	for name, value := range r.GetMetadata() {
		rejection = rejection.With(name, value)
	}
	if r.GetRetryable() {
		rejection = rejection.Retryable(0)
	}
	return nil, rejection
}

func (s *scenarioServer) Metadata(ctx context.Context, r *scenariov1.MetadataRequest) (*scenariov1.MetadataResponse, error) {
	_ = grpc.SetHeader(ctx, metadata.Pairs("x-scenario-header", r.GetHeader()))
	_ = grpc.SetTrailer(ctx, metadata.Pairs("x-scenario-trailer", r.GetTrailer()))
	entries := map[string]string{}
	incoming, _ := metadata.FromIncomingContext(ctx)
	for name, values := range incoming {
		entries[name] = strings.Join(values, ", ")
		if strings.HasSuffix(name, "-bin") {
			entries[name] = base64.RawStdEncoding.EncodeToString([]byte(values[0]))
		}
	}
	return &scenariov1.MetadataResponse{Entries: entries}, nil
}
