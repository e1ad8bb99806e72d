package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
)

// For what the suite leaves open.
const (
	caseTimeout     = 60 * time.Second
	parallelCalls   = 50
	soakIterations  = 20
	soakLatency     = 20 * time.Second
	compressedBytes = 92_653
)

// What a case gets. The suite's own functions end the process with a message when something is wrong.
type caseContext struct {
	address string
	conn    *grpc.ClientConn
	client  testpb.TestServiceClient
	sizes   *sizes
}

type runner func(ctx context.Context, c caseContext) error

// One of the suite's functions.
func suite(do func(context.Context, testpb.TestServiceClient, ...grpc.CallOption), options ...grpc.CallOption) runner {
	return func(ctx context.Context, c caseContext) error {
		do(ctx, c.client, options...)
		return nil
	}
}

var gzipped = grpc.UseCompressor(gzip.Name)

// By the names of the suite's descriptions.
var cases = map[string]runner{
	"empty_unary":                 suite(interop.DoEmptyUnaryCall),
	"large_unary":                 suite(interop.DoLargeUnaryCall),
	"client_streaming":            suite(interop.DoClientStreaming),
	"server_streaming":            suite(interop.DoServerStreaming),
	"ping_pong":                   suite(interop.DoPingPong),
	"empty_stream":                suite(interop.DoEmptyStream),
	"timeout_on_sleeping_server":  suite(interop.DoTimeoutOnSleepingServer),
	"cancel_after_begin":          suite(interop.DoCancelAfterBegin),
	"cancel_after_first_response": suite(interop.DoCancelAfterFirstResponse),
	"custom_metadata":             suite(interop.DoCustomMetadata),
	"status_code_and_message":     suite(interop.DoStatusCodeAndMessage),
	"special_status_message":      suite(interop.DoSpecialStatusMessage),
	"unimplemented_method": func(ctx context.Context, c caseContext) error {
		interop.DoUnimplementedMethod(ctx, c.conn)
		return nil
	},
	"unimplemented_service": func(ctx context.Context, c caseContext) error {
		interop.DoUnimplementedService(ctx, testpb.NewUnimplementedServiceClient(c.conn))
		return nil
	},
	"cacheable_unary":             cacheableUnary,
	"client_compressed_unary":     suite(interop.DoLargeUnaryCall, gzipped),
	"client_compressed_streaming": suite(interop.DoClientStreaming, gzipped),
	"server_compressed_unary":     serverCompressedUnary,
	"server_compressed_streaming": serverCompressedStreaming,
	"concurrent_large_unary":      concurrentLargeUnary,
	"rpc_soak":                    soak(false),
	"channel_soak":                soak(true),
}

func runCase(args []string) error {
	if len(args) != 2 || cases[args[1]] == nil {
		return fmt.Errorf("no such case: %v", args)
	}
	ctx, cancel := context.WithTimeout(context.Background(), caseTimeout)
	defer cancel()
	sizes := &sizes{}
	conn, err := dial(args[0], grpc.WithStatsHandler(sizes))
	if err != nil {
		return err
	}
	defer conn.Close()
	c := caseContext{address: args[0], conn: conn, client: testpb.NewTestServiceClient(conn), sizes: sizes}
	return cases[args[1]](ctx, c)
}

func dial(address string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	return grpc.NewClient(address, append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
}

func cacheableUnary(ctx context.Context, c caseContext) error {
	_, err := c.client.CacheableUnaryCall(ctx, &testpb.SimpleRequest{Payload: interop.ClientNewPayload(testpb.PayloadType_COMPRESSABLE, 1)})
	return err
}

// A large answer comes compressed, as the client says that it takes that.
func serverCompressedUnary(ctx context.Context, c caseContext) error {
	interop.DoLargeUnaryCall(ctx, c.client)
	return c.sizes.compressed(1)
}

// Of two answers the large one comes compressed.
func serverCompressedStreaming(ctx context.Context, c caseContext) error {
	request := &testpb.StreamingOutputCallRequest{
		ResponseParameters: []*testpb.ResponseParameters{{Size: 31_415}, {Size: compressedBytes}},
	}
	stream, err := c.client.StreamingOutputCall(ctx, request)
	if err != nil {
		return err
	}
	for _, wanted := range request.ResponseParameters {
		answer, err := stream.Recv()
		if err != nil {
			return err
		}
		if size := len(answer.GetPayload().GetBody()); size != int(wanted.Size) {
			return fmt.Errorf("an answer of %d bytes in place of %d", size, wanted.Size)
		}
	}
	if err := c.sizes.compressed(1); err != nil {
		return err
	}
	_, err = stream.Recv()
	return onlyEnd(err)
}

func concurrentLargeUnary(ctx context.Context, c caseContext) error {
	var running sync.WaitGroup
	for range parallelCalls {
		running.Go(func() { interop.DoLargeUnaryCall(ctx, c.client) })
	}
	running.Wait()
	return nil
}

// The same call again and again, on one channel or each on a new one.
func soak(newChannels bool) runner {
	return func(ctx context.Context, c caseContext) error {
		interop.DoSoakTest(ctx, interop.SoakTestConfig{
			RequestSize:                      271_828,
			ResponseSize:                     314_159,
			PerIterationMaxAcceptableLatency: soakLatency,
			OverallTimeout:                   caseTimeout,
			ServerAddr:                       c.address,
			NumWorkers:                       1,
			Iterations:                       soakIterations,
			ChannelForTest: func() (*grpc.ClientConn, func()) {
				if !newChannels {
					return c.conn, func() {}
				}
				conn, err := dial(c.address)
				if err != nil {
					panic(err)
				}
				return conn, func() { conn.Close() }
			},
		})
		return nil
	}
}
