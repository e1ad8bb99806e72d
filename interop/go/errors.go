package samspel

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	samspelv1 "github.com/samspel/samspel/interop/go/gen/samspel/v1"
)

// The stable codes that the library itself gives to errors.
const (
	reasonRejected    = "SAMSPEL_REJECTED"
	reasonNoInstance  = "SAMSPEL_NO_INSTANCE"
	reasonDatabase    = "SAMSPEL_DATABASE_UNREACHABLE"
	reasonBroker      = "SAMSPEL_BROKER_UNREACHABLE"
	reasonReplyGone   = "SAMSPEL_REPLY_GONE"
	internalErrorText = "internal error"
)

// Rejection is a refusal that the caller can act on: it gets the code, the message and a samspel.v1.ErrorDetail, in any
// language. Its methods return a changed copy, so a Rejection may be shared.
type Rejection struct {
	code    codes.Code
	message string
	detail  *samspelv1.ErrorDetail
	cause   error
}

// Reject refuses a request. The code is not OK; the message reaches the caller.
func Reject(code codes.Code, message string) *Rejection {
	if code == codes.OK {
		panic("samspel: cannot reject with OK: it means success")
	}
	return &Rejection{code: code, message: message, detail: &samspelv1.ErrorDetail{Code: reasonRejected}}
}

// Rejectf is Reject with a formatted message.
func Rejectf(code codes.Code, format string, args ...any) *Rejection {
	return Reject(code, fmt.Sprintf(format, args...))
}

// Unavailable says that what a handler needs is away, and comes back: callers may retry, and a message or a tell waits
// for it, which is no attempt. The cause, which may be nil, is logged and does not travel.
func Unavailable(message string, cause error) *Rejection {
	r := Reject(codes.Unavailable, message).WithReason(reasonDatabase).Retryable(0)
	r.cause = cause
	return r
}

// WithReason gives the stable code of the detail. Default: SAMSPEL_REJECTED.
func (r *Rejection) WithReason(code string) *Rejection {
	return r.with(func(c *Rejection) { c.detail.Code = code })
}

// With adds a fact for programs. It travels to the caller, so put no secret here.
func (r *Rejection) With(name, value string) *Rejection {
	return r.with(func(c *Rejection) { c.detail.Metadata[name] = value })
}

// Retryable says that the same request may succeed when it is sent again, after a time where that is not 0.
func (r *Rejection) Retryable(after time.Duration) *Rejection {
	return r.with(func(c *Rejection) {
		c.detail.Retryable = true
		if after > 0 {
			c.detail.RetryAfter = durationpb.New(after)
		}
	})
}

func (r *Rejection) with(change func(*Rejection)) *Rejection {
	metadata := map[string]string{}
	maps.Copy(metadata, r.detail.GetMetadata())
	c := &Rejection{code: r.code, message: r.message, cause: r.cause, detail: &samspelv1.ErrorDetail{
		Code: r.detail.GetCode(), Retryable: r.detail.GetRetryable(), RetryAfter: r.detail.GetRetryAfter(), Metadata: metadata,
	}}
	change(c)
	return c
}

func (r *Rejection) Error() string {
	if r.cause != nil {
		return r.message + ": " + r.cause.Error()
	}
	return r.message
}

// Unwrap gives the cause.
func (r *Rejection) Unwrap() error { return r.cause }

// GRPCStatus is what travels; gRPC servers look for it.
func (r *Rejection) GRPCStatus() *status.Status {
	s, err := status.New(r.code, r.message).WithDetails(r.detail)
	if err != nil { // a detail that cannot be packed: text that is no UTF-8
		return status.New(r.code, r.message)
	}
	return s
}

// DetailOf finds the detail of a failed call, or of a tell that failed; nil where it has none.
func DetailOf(err error) *samspelv1.ErrorDetail {
	s, ok := statusOf(err)
	if !ok {
		return nil
	}
	for _, detail := range s.Details() {
		if found, ok := detail.(*samspelv1.ErrorDetail); ok {
			return found
		}
	}
	return nil
}

// statusOf finds the status in an error, also a wrapped one, with the message as it was given.
func statusOf(err error) (*status.Status, bool) {
	var found interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &found) {
		return nil, false
	}
	return found.GRPCStatus(), true
}

// isUnavailable says whether what failed is not the message's fault.
func isUnavailable(err error) bool {
	s, ok := statusOf(err)
	return ok && s.Code() == codes.Unavailable
}

// travelling is what a caller learns of a handler's error (C5), and whether the log must have the rest. A status that is
// returned as it is travels as it is; one that the handler wrapped is a fault like any other.
func travelling(ctx context.Context, err error) (s *status.Status, unknown bool) {
	var rejection *Rejection
	if errors.As(err, &rejection) {
		return rejection.GRPCStatus(), false
	}
	if direct, ok := err.(interface{ GRPCStatus() *status.Status }); ok {
		return direct.GRPCStatus(), false
	}
	if ended := ctx.Err(); ended != nil && errors.Is(err, ended) {
		return status.FromContextError(ended), false
	}
	return status.New(codes.Internal, internalErrorText), true
}
