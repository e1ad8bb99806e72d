package samspel

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// The levels of every language, on slog's scale.
const (
	levelTrace  = slog.LevelDebug - 4
	levelFatal  = slog.LevelError + 4
	levelSilent = slog.LevelError + 8
)

var (
	levelNames = []string{"trace", "debug", "info", "warn", "error", "fatal", "silent"}
	levels     = map[string]slog.Level{
		"trace": levelTrace, "debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn,
		"error": slog.LevelError, "fatal": levelFatal, "silent": levelSilent,
	}
)

// NewLogger writes JSON, one object a line, with level, time, service and msg, as every language of a system does.
// An error becomes an object with type and message.
func NewLogger(out io.Writer, service string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: replaceAttr}
	return slog.New(slog.NewJSONHandler(out, options)).With("service", service)
}

func replaceAttr(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch value := a.Value.Any().(type) {
	case slog.Level:
		if a.Key == slog.LevelKey {
			a.Value = slog.StringValue(nameOf(value))
		}
	case time.Time:
		if a.Key == slog.TimeKey {
			a.Value = slog.StringValue(value.UTC().Format("2006-01-02T15:04:05.000Z"))
		}
	case error:
		a.Value = slog.GroupValue(slog.String("type", fmt.Sprintf("%T", value)), slog.String("message", value.Error()))
	}
	return a
}

func nameOf(level slog.Level) string {
	name := levelNames[0]
	for _, candidate := range levelNames[1:] {
		if levels[candidate] > level {
			break
		}
		name = candidate
	}
	return name
}
