// Package consul speaks Consul's HTTP API: calls, and long polls that are shared (R7).
package consul

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/samspel/samspel/interop/go/internal/redact"
)

const (
	defaultURL     = "http://127.0.0.1:8500"
	requestTimeout = 5 * time.Second
	maxAnswerBytes = 64 << 20
)

// Config says where the registry is. Its zero value is what the environment says.
type Config struct {
	// URL of Consul's HTTP API; "host:port" is enough. Default: CONSUL_HTTP_ADDR, else http://127.0.0.1:8500.
	URL string
	// Token is the ACL token. Default: CONSUL_HTTP_TOKEN, else none.
	Token string
}

// Client speaks with one agent. It is safe for concurrent use.
type Client struct {
	base  string
	token string
	http  *http.Client

	mu    sync.Mutex
	feeds map[string]feeder
}

// StatusError is an answer of the registry that is no success.
type StatusError struct {
	// Code is the HTTP status.
	Code int
	// Reason is what the registry said, shortened.
	Reason string

	request string
	url     string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("registry %s refused %s: %d %s", e.url, e.request, e.Code, e.Reason)
}

// New makes a client. It does not connect: a registry that is away is waited for by what needs it.
func New(config Config) (*Client, error) {
	text := firstOf(config.URL, os.Getenv("CONSUL_HTTP_ADDR"), defaultURL)
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.Port() == "0" {
		return nil, fmt.Errorf("cannot use registry %s: it must be an http:// or https:// URL", redact.URL(text))
	}
	transport := &http.Transport{
		// An agent is near: no proxy stands between.
		Proxy:               nil,
		DialContext:         (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
		TLSHandshakeTimeout: requestTimeout,
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     time.Minute,
	}
	return &Client{
		base:  strings.TrimRight(u.String(), "/"),
		token: firstOf(config.Token, os.Getenv("CONSUL_HTTP_TOKEN")),
		http:  &http.Client{Transport: transport},
		feeds: map[string]feeder{},
	}, nil
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// Call makes one request that is answered at once, and returns its answer's body.
func (c *Client) Call(ctx context.Context, method, path string, query url.Values, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	answer, _, err := c.Send(ctx, method, path, query, body)
	return answer, err
}

// Send makes a request, and returns its answer's body and headers. An answer other than 2xx is a *StatusError.
func (c *Client) Send(
	ctx context.Context, method, path string, query url.Values, body []byte,
) ([]byte, http.Header, error) {
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("cannot ask the registry: %w", err)
	}
	if c.token != "" {
		request.Header.Set("X-Consul-Token", c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, nil, c.away(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return nil, nil, c.away(err)
	}
	if response.StatusCode/100 != 2 {
		return nil, nil, &StatusError{
			Code:    response.StatusCode,
			Reason:  strings.TrimSpace(string(answer[:min(len(answer), 300)])),
			request: method + " " + path,
			url:     redact.URL(c.base),
		}
	}
	return answer, response.Header, nil
}

// away tells of a registry that did not answer, without the URL's secrets, which errors of net/http carry.
func (c *Client) away(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("registry %s does not answer: %w", redact.URL(c.base), err)
}

// Put sends a value as JSON.
func (c *Client) Put(ctx context.Context, path string, query url.Values, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("cannot tell the registry: %w", err)
	}
	_, err = c.Call(ctx, http.MethodPut, path, query, body)
	return err
}

// BaseURL is where the agent is.
func (c *Client) BaseURL() string { return c.base }

// IsNotFound says whether the agent answered that there is none.
func IsNotFound(err error) bool {
	var refused *StatusError
	return errors.As(err, &refused) && refused.Code == http.StatusNotFound
}
