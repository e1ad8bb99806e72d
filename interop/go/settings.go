package samspel

import (
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/samspel/samspel/interop/go/internal/redact"
)

// ConfigurationError says why a service cannot start: it names the setting, its value and the fix (A1).
type ConfigurationError struct{ message string }

func (e *ConfigurationError) Error() string { return e.message }

func misconfigured(format string, args ...any) error {
	return &ConfigurationError{fmt.Sprintf(format, args...)}
}

// Settings are what the environment tells a service; the variables are the same in every language.
type Settings struct {
	// Service is the service's name, a DNS label.
	Service string
	// Host (SAMSPEL_HOST) and Port (SAMSPEL_PORT) are where to listen. Default: 127.0.0.1, and a free port.
	Host string
	Port int
	// Version (SAMSPEL_VERSION) and Zone (SAMSPEL_ZONE) are shown in the registry.
	Version, Zone string
	// ConsulURL (CONSUL_HTTP_ADDR) is the registry. Default: http://127.0.0.1:8500.
	ConsulURL string
	// ConsulToken (CONSUL_HTTP_TOKEN) is its ACL token.
	ConsulToken string
	// TopicPrefix (SAMSPEL_TOPIC_PREFIX) stands before all streams and subjects.
	TopicPrefix string
	// Identity (SAMSPEL_IDENTITY) is "consul" where calls go by mutual TLS, with certificates of Consul; else "none".
	Identity string
	// LogLevel (LOG_LEVEL) is trace, debug, info, warn, error, fatal or silent. Default: info.
	LogLevel slog.Level

	schema string
	lookup func(string) (string, bool)
}

const (
	identityNone   = "none"
	identityConsul = "consul"
)

var (
	serviceName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	topicPrefix = regexp.MustCompile(`^[A-Za-z0-9-]*$`)
	schemaName  = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)
)

// ReadSettings reads and checks the environment of a service; lookup is os.LookupEnv.
func ReadSettings(service string, lookup func(string) (string, bool)) (Settings, error) {
	r := settingsReader{service: service, lookup: lookup}
	if !serviceName.MatchString(service) {
		return Settings{}, misconfigured("Cannot start %q as a service's name must be a DNS label, such as order-mail", service)
	}
	s := Settings{
		Service:     service,
		Host:        r.text("SAMSPEL_HOST", "127.0.0.1"),
		Version:     r.text("SAMSPEL_VERSION", ""),
		Zone:        r.text("SAMSPEL_ZONE", ""),
		ConsulToken: r.text("CONSUL_HTTP_TOKEN", ""),
		TopicPrefix: r.matching("SAMSPEL_TOPIC_PREFIX", "", topicPrefix, "letters, digits and -"),
		Identity:    r.oneOf("SAMSPEL_IDENTITY", identityNone, []string{identityNone, identityConsul}),
		schema: r.matching(
			"SAMSPEL_SCHEMA", strings.ReplaceAll(service, "-", "_"), schemaName, "a name of lower case letters, digits and _"),
		lookup: lookup,
	}
	port, err := strconv.ParseUint(r.text("SAMSPEL_PORT", "0"), 10, 16)
	if err != nil {
		r.refuse("SAMSPEL_PORT", "a port number from 0 to 65535", r.text("SAMSPEL_PORT", ""))
	}
	s.Port = int(port)
	s.ConsulURL = "http://127.0.0.1:8500"
	if r.text("CONSUL_HTTP_ADDR", "") != "" {
		s.ConsulURL = r.url("CONSUL_HTTP_ADDR", "http", "https")
	}
	s.LogLevel = levels[r.oneOf("LOG_LEVEL", "info", levelNames)]
	return s, r.err
}

// DatabaseURL is DATABASE_URL, the Postgres of the service. It is required where it is read.
func (s Settings) DatabaseURL() (string, error) {
	r := settingsReader{service: s.Service, lookup: s.lookup}
	value := r.url("DATABASE_URL", "postgres", "postgresql")
	return value, r.err
}

// Schema is SAMSPEL_SCHEMA, the schema of the service's tables. Default: the service's name, - made _.
func (s Settings) Schema() string { return s.schema }

// NATSURL is NATS_URL, a nats-server with JetStream. It is required where it is read.
func (s Settings) NATSURL() (string, error) {
	r := settingsReader{service: s.Service, lookup: s.lookup}
	value := r.url("NATS_URL", "nats", "tls")
	return value, r.err
}

// settingsReader keeps the first thing that is wrong.
type settingsReader struct {
	service string
	lookup  func(string) (string, bool)
	err     error
}

func (r *settingsReader) text(name, otherwise string) string {
	if value, _ := r.lookup(name); value != "" {
		return value
	}
	return otherwise
}

func (r *settingsReader) matching(name, otherwise string, pattern *regexp.Regexp, wanted string) string {
	value := r.text(name, otherwise)
	if !pattern.MatchString(value) {
		r.refuse(name, wanted, value)
	}
	return value
}

func (r *settingsReader) oneOf(name, otherwise string, allowed []string) string {
	value := r.text(name, otherwise)
	if !slices.Contains(allowed, value) {
		r.refuse(name, "one of "+strings.Join(allowed, ", "), value)
	}
	return value
}

func (r *settingsReader) url(name string, schemes ...string) string {
	wanted := "a " + schemes[0] + ":// URL"
	value := r.text(name, "")
	if value == "" {
		if r.err == nil {
			r.err = misconfigured("Cannot start %s as %s must be %s: it is not set", r.service, name, wanted)
		}
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || !slices.Contains(schemes, u.Scheme) || u.Hostname() == "" || u.Port() == "0" {
		r.refuse(name, wanted, redact.URL(value))
	}
	return value
}

func (r *settingsReader) refuse(name, wanted, value string) {
	if r.err == nil {
		r.err = misconfigured("Cannot start %s as %s must be %s: current value is %s", r.service, name, wanted, value)
	}
}
