package samspel

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"testing"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

func readVectors(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("../vectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

type errorVector struct {
	About string
	Error *struct {
		Reason, Message string
		Code            uint32
		Retryable       bool
		RetryAfterMs    int64
		Metadata        map[string]string
	}
	Wire map[string]string
}

func (v errorVector) onTheWire(t *testing.T) *spb.Status {
	t.Helper()
	s := &spb.Status{}
	bytes, err := base64.RawStdEncoding.DecodeString(v.Wire["grpc-status-details-bin"])
	if err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(bytes, s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestErrorsTravelAsInEveryLanguage(t *testing.T) {
	var file struct{ Vectors []errorVector }
	readVectors(t, "errors.json", &file)
	if len(file.Vectors) < 3 {
		t.Fatal("there are no vectors")
	}
	for _, v := range file.Vectors {
		rejection := Reject(codes.Code(v.Error.Code), v.Error.Message).WithReason(v.Error.Reason)
		for name, value := range v.Error.Metadata {
			rejection = rejection.With(name, value)
		}
		if v.Error.Retryable {
			rejection = rejection.Retryable(time.Duration(v.Error.RetryAfterMs) * time.Millisecond)
		}
		wire := v.onTheWire(t)
		received := status.FromProto(wire).Err()
		if status.Code(received) != codes.Code(v.Error.Code) || status.Convert(received).Message() != v.Error.Message {
			t.Errorf("%s: received %v", v.About, received)
		}
		if !proto.Equal(DetailOf(received), DetailOf(rejection)) || DetailOf(received) == nil {
			t.Errorf("%s: the detail on the wire is %v, not %v", v.About, DetailOf(received), DetailOf(rejection))
		}
	}
}

func TestTravellingHidesWhatIsNoRejection(t *testing.T) {
	for _, err := range []error{errors.New("secret"), errors.Join(errors.New("secret"), status.Error(codes.NotFound, "secret"))} {
		s, unknown := travelling(context.Background(), err)
		if s.Code() != codes.Internal || s.Message() != "internal error" || !unknown {
			t.Errorf("%v travels as %v", err, s)
		}
	}
	s, unknown := travelling(context.Background(), status.Error(codes.NotFound, "said"))
	if s.Code() != codes.NotFound || s.Message() != "said" || unknown {
		t.Errorf("a status travels as %v", s)
	}
}

func TestTraceIsPassedOnAsInEveryLanguage(t *testing.T) {
	var file struct {
		Vectors []struct {
			About              string
			Incoming, PassedOn map[string]string
		}
	}
	readVectors(t, "trace.json", &file)
	if len(file.Vectors) < 5 {
		t.Fatal("there are no vectors")
	}
	for _, v := range file.Vectors {
		ctx := withTrace(context.Background(), func(name string) string { return v.Incoming[name] })
		if found := outgoingTrace(ctx); !maps.Equal(found, v.PassedOn) {
			t.Errorf("%s: %v, not %v", v.About, found, v.PassedOn)
		}
	}
}

func TestDeadlinesAreInheritedAsInEveryLanguage(t *testing.T) {
	var file struct {
		Inherited []struct {
			About                 string
			IncomingLeftMs, OwnMs *int64
			EffectiveMs           int64
		}
	}
	readVectors(t, "deadlines.json", &file)
	if len(file.Inherited) < 4 {
		t.Fatal("there are no vectors")
	}
	for _, v := range file.Inherited {
		ctx := context.Background()
		for _, ms := range []*int64{v.IncomingLeftMs, v.OwnMs} {
			if ms != nil {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Duration(*ms)*time.Millisecond)
				defer cancel()
			}
		}
		ctx, cancel := withDeadline(ctx)
		defer cancel()
		deadline, _ := ctx.Deadline()
		left, effective := time.Until(deadline), time.Duration(v.EffectiveMs)*time.Millisecond
		if left > effective || left < effective-200*time.Millisecond {
			t.Errorf("%s: %v, not %v", v.About, left, effective)
		}
	}
}
