package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// samspel.test.v1.EchoService without generated code: its messages with nothing but `string text = 1` are StringValues
// on the wire, and the `int32 count = 2` of EchoManyRequest is a field that StringValue does not know.
const (
	echoMethod     = "/samspel.test.v1.EchoService/Echo"
	echoManyMethod = "/samspel.test.v1.EchoService/EchoMany"
	countField     = 2
)

// What the measurement asks for, a line of JSON each; `{}` asks a server for its processor time.
type question struct {
	InFlight int     `json:"inFlight"`
	Ms       float64 `json:"ms"`
	Messages int     `json:"messages"`
}

type answer struct {
	PerSecond float64 `json:"perSecond"`
	P50Ms     float64 `json:"p50Ms"`
	P99Ms     float64 `json:"p99Ms"`
	CPUMicros float64 `json:"cpuMicros"`
}

func benchServe([]string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	server.RegisterService(&echoService, nil)
	go func() {
		answerLines(func(question) (answer, error) { return answer{CPUMicros: cpuMicros()}, nil })
		os.Exit(0)
	}()
	fmt.Printf("{\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
	return server.Serve(listener)
}

var echoService = grpc.ServiceDesc{
	ServiceName: "samspel.test.v1.EchoService",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Echo",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			request := &wrapperspb.StringValue{}
			if err := decode(request); err != nil {
				return nil, err
			}
			return wrapperspb.String(request.Value), nil
		},
	}},
	Streams: []grpc.StreamDesc{{
		StreamName:    "EchoMany",
		ServerStreams: true,
		Handler: func(_ any, stream grpc.ServerStream) error {
			request := &wrapperspb.StringValue{}
			if err := stream.RecvMsg(request); err != nil {
				return err
			}
			for range countOf(request) {
				if err := stream.SendMsg(wrapperspb.String(request.Value)); err != nil {
					return err
				}
			}
			return nil
		},
	}},
}

func countOf(request *wrapperspb.StringValue) uint64 {
	unknown := request.ProtoReflect().GetUnknown()
	_, _, length := protowire.ConsumeTag(unknown)
	count, _ := protowire.ConsumeVarint(unknown[max(0, length):])
	return count
}

func benchClient(args []string) error {
	conn, err := dial(args[0])
	if err != nil {
		return err
	}
	defer conn.Close()
	request := wrapperspb.String(strings.Repeat("x", 98))
	fmt.Println(`{"ready":1}`)
	return answerLines(func(q question) (answer, error) {
		if q.Messages > 0 {
			return stream(conn, q.Messages)
		}
		return closedLoop(conn, request, q)
	})
}

func closedLoop(conn *grpc.ClientConn, request *wrapperspb.StringValue, q question) (answer, error) {
	var running sync.WaitGroup
	latencies := make([][]time.Duration, q.InFlight)
	failures := make([]error, q.InFlight)
	startedCPU, started := cpuMicros(), time.Now()
	end := started.Add(time.Duration(q.Ms * float64(time.Millisecond)))
	for worker := range q.InFlight {
		running.Go(func() {
			for begun := time.Now(); begun.Before(end); begun = time.Now() {
				// Ours has one, too.
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				err := conn.Invoke(ctx, echoMethod, request, &wrapperspb.StringValue{})
				cancel()
				if err != nil {
					failures[worker] = err
					return
				}
				latencies[worker] = append(latencies[worker], time.Since(begun))
			}
		})
	}
	running.Wait()
	elapsed, cpu := time.Since(started), cpuMicros()-startedCPU
	all := slices.Concat(latencies...)
	if err := errors.Join(failures...); err != nil || len(all) == 0 {
		return answer{}, fmt.Errorf("no calls were answered: %w", err)
	}
	slices.Sort(all)
	at := func(ratio float64) float64 {
		return float64(all[int(float64(len(all)-1)*ratio)]) / float64(time.Millisecond)
	}
	count := float64(len(all))
	return answer{count / elapsed.Seconds(), at(0.5), at(0.99), cpu / count}, nil
}

func stream(conn *grpc.ClientConn, messages int) (answer, error) {
	request := wrapperspb.String(strings.Repeat("x", 98))
	unknown := protowire.AppendTag(nil, countField, protowire.VarintType)
	request.ProtoReflect().SetUnknown(protowire.AppendVarint(unknown, uint64(messages)))
	startedCPU, started := cpuMicros(), time.Now()
	answers, err := conn.NewStream(context.Background(), &echoService.Streams[0], echoManyMethod)
	if err != nil {
		return answer{}, err
	}
	if err := errors.Join(answers.SendMsg(request), answers.CloseSend()); err != nil {
		return answer{}, err
	}
	came := 0.0
	for {
		err := answers.RecvMsg(&wrapperspb.StringValue{})
		if errors.Is(err, io.EOF) {
			return answer{PerSecond: came / time.Since(started).Seconds(), CPUMicros: (cpuMicros() - startedCPU) / came}, nil
		}
		if err != nil {
			return answer{}, err
		}
		came++
	}
}

func answerLines(to func(question) (answer, error)) error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		found, err := to(asked)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
			return err
		}
	}
	return lines.Err()
}

func cpuMicros() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1_000
}
