// Package consultest is a registry for unit tests: what the library asks of Consul, in memory, with long polls.
package consultest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Service is an instance, as a registration has it.
type Service struct {
	ID, Name, Address string
	Port              int
	Tags              []string
	Meta              map[string]string
}

// Registry is a fake of Consul's HTTP API.
type Registry struct {
	URL string

	mu       sync.Mutex
	index    uint64
	changed  chan struct{}
	services map[string]Service
	values   map[string][]byte
	away     bool
}

// Start starts one, which ends with the test.
func Start(t *testing.T) *Registry {
	t.Helper()
	r := &Registry{index: 1, changed: make(chan struct{}), services: map[string]Service{}, values: map[string][]byte{}}
	server := httptest.NewServer(r)
	t.Cleanup(func() {
		r.SetAway(true) // who polls again gets no long poll
		server.Close()
	})
	r.URL = server.URL
	return r
}

// Put registers an instance.
func (r *Registry) Put(s Service) { r.change(func() { r.services[s.ID] = s }) }

// Remove forgets an instance.
func (r *Registry) Remove(id string) { r.change(func() { delete(r.services, id) }) }

// Forget forgets all, and counts anew, as one that was restarted without its state.
func (r *Registry) Forget() {
	r.change(func() {
		r.index = 1
		r.services, r.values = map[string]Service{}, map[string][]byte{}
	})
}

// SetAway has it refuse everything, or answer again.
func (r *Registry) SetAway(away bool) { r.change(func() { r.away = away }) }

// Find gives a registered instance.
func (r *Registry) Find(id string) (Service, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.services[id]
	return s, ok
}

// Value gives what is at a key.
func (r *Registry) Value(key string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.values[key]
}

// SetValue makes an answer for a path that it does not know by itself.
func (r *Registry) SetValue(path string, value []byte) { r.change(func() { r.values[path] = value }) }

func (r *Registry) change(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.index++
	do()
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *Registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	path := request.URL.Path
	if known := request.URL.Query().Get("index"); known != "" {
		r.wait(request.Context(), known)
	}
	if id := strings.TrimPrefix(path, "/v1/agent/service/"); request.URL.Query().Get("hash") != "" {
		r.waitWhileKnown(request.Context(), id)
	}
	r.mu.Lock()
	away, index := r.away, r.index
	r.mu.Unlock()
	if away {
		http.Error(w, "no leader", http.StatusInternalServerError)
		return
	}
	w.Header().Set("X-Consul-Index", strconv.FormatUint(index, 10))
	switch {
	case path == "/v1/agent/service/register":
		var s Service
		if json.Unmarshal(body, &s) != nil {
			http.Error(w, "bad", http.StatusBadRequest)
			return
		}
		r.Put(s)
	case strings.HasPrefix(path, "/v1/agent/service/deregister/"):
		r.Remove(strings.TrimPrefix(path, "/v1/agent/service/deregister/"))
	case strings.HasPrefix(path, "/v1/agent/service/"):
		s, ok := r.Find(strings.TrimPrefix(path, "/v1/agent/service/"))
		if !ok {
			http.Error(w, "unknown", http.StatusNotFound)
			return
		}
		answer(w, map[string]any{"ID": s.ID, "ContentHash": "abc"})
	case strings.HasPrefix(path, "/v1/kv/") && request.Method == http.MethodPut:
		r.SetValue(strings.TrimPrefix(path, "/v1/kv/"), body)
	case path == "/v1/catalog/services":
		answer(w, r.catalog())
	case strings.HasPrefix(path, "/v1/health/service/"):
		answer(w, r.health(strings.TrimPrefix(path, "/v1/health/service/")))
	default:
		if value := r.Value(path); value != nil {
			_, _ = w.Write(value)
			return
		}
		http.NotFound(w, request)
	}
}

// waitWhileKnown holds a long poll while an instance is there.
func (r *Registry) waitWhileKnown(ctx context.Context, id string) {
	for ctx.Err() == nil {
		r.mu.Lock()
		_, known := r.services[id]
		index, away := strconv.FormatUint(r.index, 10), r.away
		r.mu.Unlock()
		if !known || away {
			return
		}
		r.wait(ctx, index)
	}
}

// wait holds a long poll until something changes.
func (r *Registry) wait(ctx context.Context, known string) {
	r.mu.Lock()
	changed, same := r.changed, known == strconv.FormatUint(r.index, 10)
	away := r.away
	r.mu.Unlock()
	if !same || away {
		return
	}
	select {
	case <-changed:
	case <-ctx.Done():
	case <-time.After(25 * time.Second):
	}
}

func (r *Registry) catalog() map[string][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := map[string][]string{}
	for _, s := range r.services {
		for _, tag := range s.Tags {
			if !slices.Contains(names[s.Name], tag) {
				names[s.Name] = append(names[s.Name], tag)
			}
		}
	}
	return names
}

func (r *Registry) health(name string) []map[string]any {
	r.mu.Lock()
	defer r.mu.Unlock()
	entries := []map[string]any{}
	for _, s := range r.services {
		if s.Name == name {
			entries = append(entries, map[string]any{
				"Node": map[string]any{"Address": "127.0.0.1"},
				"Service": map[string]any{
					"ID": s.ID, "Service": s.Name, "Address": s.Address, "Port": s.Port, "Tags": s.Tags, "Meta": s.Meta,
				},
			})
		}
	}
	return entries
}

func answer(w http.ResponseWriter, value any) { _ = json.NewEncoder(w).Encode(value) }
