package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/samspel/samspel/interop/go/internal/backoff"
	"github.com/samspel/samspel/interop/go/internal/consul"
)

const (
	// lookEvery bounds how long an agent that was away may lack the instance.
	lookEvery        = 2 * time.Second
	deregisterWithin = 3 * time.Second
)

// Registration keeps an instance in the registry.
type Registration struct {
	client *Client
	said   Announcement
	log    *slog.Logger
	cancel context.CancelFunc
	done   chan struct{}

	registered chan struct{}
	first      sync.Once
	// refused is whether the registry's refusal of the descriptors was told already.
	refused bool
}

// Register puts an instance into the registry and keeps it there until Close, whatever the registry forgets (R4). It
// does not wait: a registry that is away is tried until it is there, with a warning in log (nil: slog.Default()).
func (c *Client) Register(said Announcement, log *slog.Logger) (*Registration, error) {
	if err := said.check(); err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.Default()
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Registration{client: c, said: said, log: log, cancel: cancel, done: make(chan struct{}), registered: make(chan struct{})}
	go r.keep(ctx)
	return r, nil
}

// Registered is closed when the instance is in the registry for the first time.
func (r *Registration) Registered() <-chan struct{} { return r.registered }

// Announcement is what the instance says of itself.
func (r *Registration) Announcement() Announcement { return r.said }

// Close takes the instance out. Where the registry does not answer within 3 s, the instance's check does that later.
func (r *Registration) Close() error {
	r.cancel()
	<-r.done // a registration that is on its way must not arrive after the deregistration
	ctx, cancel := context.WithTimeout(context.Background(), deregisterWithin)
	defer cancel()
	_, err := r.client.consul.Call(ctx, http.MethodPut, "/v1/agent/service/deregister/"+url.PathEscape(r.said.ID()), nil, nil)
	if err != nil && !consul.IsNotFound(err) {
		return err
	}
	r.log.Info("deregistered", "id", r.said.ID())
	return nil
}

func (r *Registration) keep(ctx context.Context) {
	defer close(r.done)
	id := r.said.ID()
	known, hash, failures := false, "", 0
	for ctx.Err() == nil {
		var err error
		if known {
			began := time.Now()
			known, hash, err = r.look(ctx, hash)
			if err == nil && known && time.Since(began) < lookEvery {
				backoff.Sleep(ctx, lookEvery-time.Since(began)) // it changed, or this agent does not wait
			}
		} else if err = r.register(ctx); err == nil {
			known, hash = true, ""
			r.log.Info("registered", "id", id)
			r.first.Do(func() { close(r.registered) })
		}
		switch {
		case ctx.Err() != nil:
		case err == nil:
			failures = 0
		default:
			failures++
			if failures == 1 {
				r.log.Warn("registry away", "reason", err.Error())
			}
			hash = "" // an agent that comes back may have forgotten, and does not wait to say so
			backoff.Sleep(ctx, min(backoff.After(failures), lookEvery))
		}
	}
}

// register also stores the descriptors each time, as a registry that forgot the instance may have forgotten them. One
// that does not take them is logged once, and gets the instance without.
func (r *Registration) register(ctx context.Context) error {
	if len(r.said.Descriptors) > 0 {
		if err := r.client.publishDescriptors(ctx, r.said.Descriptors); err != nil && !r.refused && ctx.Err() == nil {
			r.refused = true
			r.log.Warn("descriptors not published", "reason", err.Error())
		}
	}
	query := url.Values{"replace-existing-checks": {"true"}}
	return r.client.consul.Put(ctx, "/v1/agent/service/register", query, r.said.registration())
}

// look asks whether the agent has the instance, and waits for a change from what has the hash.
func (r *Registration) look(ctx context.Context, hash string) (known bool, next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, consul.PollTimeout)
	defer cancel()
	query := url.Values{}
	if hash != "" {
		query.Set("hash", hash)
		query.Set("wait", consul.WaitTime.String())
	}
	body, header, err := r.client.consul.Send(ctx, http.MethodGet, "/v1/agent/service/"+url.PathEscape(r.said.ID()), query, nil)
	if consul.IsNotFound(err) {
		return false, "", nil
	}
	if err != nil {
		return true, "", err
	}
	var answer struct{ ContentHash string }
	if err := json.Unmarshal(body, &answer); err != nil {
		return true, "", fmt.Errorf("registry answered with no service: %w", err)
	}
	if next = header.Get("X-Consul-ContentHash"); next == "" {
		next = answer.ContentHash
	}
	return true, next, nil
}

// AdvertisedAddress is where others reach what listens on host: on all interfaces, it is the one that faces the registry.
func (c *Client) AdvertisedAddress(host string) (string, error) {
	switch host {
	case "localhost":
		return "127.0.0.1", nil
	case "0.0.0.0", "::", "":
	default:
		return host, nil
	}
	u, err := url.Parse(c.consul.BaseURL())
	if err != nil {
		return "", fmt.Errorf("cannot read the registry's URL: %w", err)
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	// It sends nothing: it only picks a route.
	probe, err := net.Dial("udp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return "", fmt.Errorf("cannot tell which address faces the registry: %w; set one that others reach", err)
	}
	defer func() { _ = probe.Close() }()
	local, _, err := net.SplitHostPort(probe.LocalAddr().String())
	return local, err
}
