package registry

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/samspel/samspel/interop/go/internal/consul"
)

// grace is how long the last good set is kept after the registry says "none" (R5): an agent that was restarted without
// its state, or a token that has expired, answers with an empty list and status 200.
const grace = 10 * time.Second

// Watch shows the live instances of a proto service, whoever serves it. Close it.
type Watch struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	current []Instance
	known   bool
	err     error
	changed chan struct{}
}

// Watch begins to watch a proto service, by its full name, such as "orders.v1.OrderService".
func (c *Client) Watch(protoService string, filter Filter) *Watch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &Watch{cancel: cancel, done: make(chan struct{}), changed: make(chan struct{})}
	go w.run(ctx, c, protoService, filter)
	return w
}

// Close ends the watch.
func (w *Watch) Close() {
	w.cancel()
	<-w.done
}

// Current is the set as it is known now, and whether the registry has ever said one. The error says why there is no
// newer one; the set is the last good one then.
func (w *Watch) Current() (instances []Instance, known bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current, w.known, w.err
}

// Changed is closed when Current changes from what it says now: call it before Current.
func (w *Watch) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

// Wait returns the set once it has an instance.
func (w *Watch) Wait(ctx context.Context) ([]Instance, error) {
	for {
		changed := w.Changed()
		if instances, _, _ := w.Current(); len(instances) > 0 {
			return instances, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (w *Watch) run(ctx context.Context, c *Client, protoService string, filter Filter) {
	defer close(w.done)
	datacenter := url.Values{}
	if filter.Datacenter != "" {
		datacenter.Set("dc", filter.Datacenter)
	}
	wake := make(chan struct{}, 1)
	catalog := consul.Subscribe(c.consul, "/v1/catalog/services", datacenter, decodeCatalog, wake)
	defer catalog.Unsubscribe(wake)
	names := map[string]*consul.Feed[[]Instance]{}
	defer func() {
		for _, name := range names {
			name.Unsubscribe(wake)
		}
	}()

	doubt := doubt{grace: grace}
	for {
		listed := catalog.Read()
		if listed.Known {
			follow(c, names, listed.Value, protoService, datacenter, wake)
		}
		found, known, err := gather(listed, names, protoService, filter)
		var again <-chan time.Time
		if known {
			current, _, _ := w.Current()
			if wait := doubt.until(time.Now(), len(current) > 0, len(found) > 0, err); wait > 0 {
				found, again = current, time.After(wait)
			}
		}
		w.set(found, known, err)
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-again:
		}
	}
}

// follow watches the services whose tags have the proto service, and no others.
func follow(
	c *Client, names map[string]*consul.Feed[[]Instance], catalog map[string][]string,
	protoService string, datacenter url.Values, wake chan struct{},
) {
	for name, tags := range catalog {
		if _, ok := names[name]; !ok && slices.Contains(tags, protoService) {
			query := maps.Clone(datacenter)
			query.Set("passing", "1")
			names[name] = consul.Subscribe(c.consul, "/v1/health/service/"+url.PathEscape(name), query, decodeHealth, wake)
		}
	}
	for name, health := range names {
		if !slices.Contains(catalog[name], protoService) {
			health.Unsubscribe(wake)
			delete(names, name)
		}
	}
}

// gather puts together what the watched services say. It is known once each of them has answered.
func gather(
	catalog consul.Reading[map[string][]string], names map[string]*consul.Feed[[]Instance], protoService string, filter Filter,
) (found []Instance, known bool, err error) {
	known, err = catalog.Known, catalog.Err
	for _, health := range names {
		now := health.Read()
		known = known && now.Known
		if now.Err != nil {
			err = now.Err
		}
		for _, instance := range now.Value {
			if filter.matches(instance, protoService) {
				found = append(found, instance)
			}
		}
	}
	slices.SortFunc(found, func(a, b Instance) int { return cmp.Compare(a.ID, b.ID) })
	return found, known, err
}

func (w *Watch) set(instances []Instance, known bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	// What was known once stays while a newly found name is asked for the first time.
	if w.known && !known {
		instances, known = w.current, true
	}
	same := w.known == known && (w.err == nil) == (err == nil) && reflect.DeepEqual(w.current, instances)
	w.current, w.known, w.err = instances, known, err
	if !same {
		close(w.changed)
		w.changed = make(chan struct{})
	}
}

// doubt decides when an empty answer is believed.
type doubt struct {
	grace time.Duration
	since time.Time
}

// until says how long the last good set is kept yet. The grace runs only while the registry answers.
func (d *doubt) until(now time.Time, had, has bool, err error) time.Duration {
	if !had || has {
		d.since = time.Time{}
		return 0
	}
	if err != nil || d.since.IsZero() {
		d.since = now
	}
	return max(0, d.grace-now.Sub(d.since))
}
