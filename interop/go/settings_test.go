package samspel

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func environment(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
}

func TestSettingsHaveDefaults(t *testing.T) {
	s, err := ReadSettings("order-mail", environment(map[string]string{"SAMSPEL_HOST": ""}))
	if err != nil {
		t.Fatal(err)
	}
	if s.Host != "127.0.0.1" || s.Port != 0 || s.ConsulURL != "http://127.0.0.1:8500" || s.Schema() != "order_mail" ||
		s.LogLevel != slog.LevelInfo || s.Identity != "none" {
		t.Errorf("%+v", s)
	}
}

func TestSettingsNameWhatIsWrongWithoutItsSecret(t *testing.T) {
	for _, v := range []struct{ name, value, wanted string }{
		{"SAMSPEL_PORT", "65536", "SAMSPEL_PORT must be a port number from 0 to 65535: current value is 65536"},
		{"SAMSPEL_TOPIC_PREFIX", "a.b", "SAMSPEL_TOPIC_PREFIX must be letters, digits and -: current value is a.b"},
		{"SAMSPEL_SCHEMA", "1", "SAMSPEL_SCHEMA must be"},
		{"SAMSPEL_IDENTITY", "yes", "SAMSPEL_IDENTITY must be one of none, consul: current value is yes"},
		{"LOG_LEVEL", "loud", "LOG_LEVEL must be one of trace,"},
		{"CONSUL_HTTP_ADDR", "ftp://me:secret@host", "CONSUL_HTTP_ADDR must be a http:// URL: current value is ftp://me@host"},
	} {
		_, err := ReadSettings("x", environment(map[string]string{v.name: v.value}))
		var configuration *ConfigurationError
		if !errors.As(err, &configuration) || !strings.Contains(err.Error(), "Cannot start x as "+v.wanted) {
			t.Errorf("%s=%s: %v", v.name, v.value, err)
		}
	}
	s, _ := ReadSettings("x", environment(map[string]string{"DATABASE_URL": "postgres://me:secret@"}))
	if _, err := s.DatabaseURL(); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("DATABASE_URL: %v", err)
	}
	if _, err := ReadSettings("Orders", environment(nil)); err == nil {
		t.Error("a name that is no DNS label was taken")
	}
}

func TestLoggerWritesTheLinesOfEveryLanguage(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, "x", slog.LevelInfo)
	log.Debug("not this")
	log.Warn("so", "port", 1, "err", errors.New("why"))
	var line struct {
		Level, Time, Service, Msg string
		Port                      int
		Err                       struct{ Type, Message string }
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line.Level != "warn" || line.Service != "x" || line.Msg != "so" || line.Port != 1 || line.Err.Message != "why" ||
		!strings.HasSuffix(line.Time, "Z") {
		t.Errorf("%s", out.String())
	}
}
