package samspel

import (
	"context"
	"regexp"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Where no OpenTelemetry is set up, a trace is passed on as it came. Where a span is in the context, OpenTelemetry's
// propagator decides what travels.

const (
	headerTraceparent = "traceparent"
	headerTracestate  = "tracestate"
	headerBaggage     = "baggage"
)

// W3C Trace Context, version 00 and what later versions must look like.
var traceparent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$`)

type traceKey struct{}

// withTrace puts what came with a call, a tell or a message into the context of its handler.
func withTrace(ctx context.Context, header func(name string) string) context.Context {
	passed := propagation.MapCarrier{}
	if parent := header(headerTraceparent); isTraceparent(parent) {
		passed[headerTraceparent] = parent
		if state := header(headerTracestate); state != "" {
			passed[headerTracestate] = state
		}
	}
	if baggage := header(headerBaggage); baggage != "" {
		passed[headerBaggage] = baggage
	}
	if len(passed) == 0 {
		return ctx
	}
	ctx = context.WithValue(ctx, traceKey{}, passed)
	return otel.GetTextMapPropagator().Extract(ctx, passed)
}

func isTraceparent(text string) bool {
	if !traceparent.MatchString(text) {
		return false
	}
	version, id, span := text[:2], text[3:35], text[36:52]
	return version != "ff" && (version != "00" || len(text) == 55) &&
		strings.Trim(id, "0") != "" && strings.Trim(span, "0") != ""
}

// outgoingTrace is what travels with calls, tells and messages that are made within the context.
func outgoingTrace(ctx context.Context) map[string]string {
	carrier := propagation.MapCarrier{}
	if trace.SpanContextFromContext(ctx).IsValid() {
		otel.GetTextMapPropagator().Inject(ctx, carrier)
	}
	if len(carrier) == 0 {
		passed, _ := ctx.Value(traceKey{}).(propagation.MapCarrier)
		return passed
	}
	return carrier
}
