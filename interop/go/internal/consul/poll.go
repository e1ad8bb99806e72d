package consul

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/samspel/samspel/interop/go/internal/backoff"
)

const (
	// WaitTime is how long a long poll waits. Some builds of Consul cut those of 30 s and more (R7).
	WaitTime = 25 * time.Second
	// PollTimeout is how long one may take at the most: Consul adds up to a sixteenth of the wait, and a slow answer is
	// no failure.
	PollTimeout = WaitTime + WaitTime/16 + 10*time.Second
	// linger is how long a poll goes on after the last one who looked, so that channels that come and go share it.
	linger = 30 * time.Second
)

// feeder is a feed of any type, for the client's table.
type feeder interface{ release() }

// Feed holds the newest answer of one long poll, shared by all who look at it.
type Feed[T any] struct {
	key    string
	client *Client
	cancel context.CancelFunc

	mu sync.Mutex
	// users and the timer that ends the poll once there are none.
	users int
	idle  *time.Timer
	// value and known: the last good answer, if there was one. err: why there is no newer one.
	value     T
	known     bool
	err       error
	answers   uint64
	listeners map[chan<- struct{}]struct{}
}

// Reading is what a feed knows at a time.
type Reading[T any] struct {
	// Value and Known: the last good answer, if there was one. Err: why there is no newer one.
	Value T
	Known bool
	Err   error
	// Answers counts the good ones: it grows also where an answer repeats the one before.
	Answers uint64
}

// Subscribe finds the feed of path and query, or starts it, and has wake (of capacity 1) told of each answer and failure.
func Subscribe[T any](
	c *Client, path string, query url.Values, decode func([]byte) (T, error), wake chan<- struct{},
) *Feed[T] {
	key := path + "?" + query.Encode()
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.feeds[key].(*Feed[T])
	if !ok {
		ctx, cancel := context.WithCancel(context.Background())
		f = &Feed[T]{key: key, client: c, cancel: cancel, listeners: map[chan<- struct{}]struct{}{}}
		c.feeds[key] = f
		go f.run(ctx, path, query, decode)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.users++
	if f.idle != nil {
		f.idle.Stop()
		f.idle = nil
	}
	if wake != nil {
		f.listeners[wake] = struct{}{}
	}
	if f.known || f.err != nil {
		notify(wake)
	}
	return f
}

// Unsubscribe ends what Subscribe began.
func (f *Feed[T]) Unsubscribe(wake chan<- struct{}) {
	f.mu.Lock()
	delete(f.listeners, wake)
	f.mu.Unlock()
	f.release()
}

func (f *Feed[T]) release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.users--
	if f.users == 0 {
		f.idle = time.AfterFunc(linger, f.end)
	}
}

func (f *Feed[T]) end() {
	f.client.mu.Lock()
	defer f.client.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.users == 0 && f.client.feeds[f.key] == feeder(f) {
		delete(f.client.feeds, f.key)
		f.cancel()
	}
}

// Read is what the feed knows now.
func (f *Feed[T]) Read() Reading[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Reading[T]{f.value, f.known, f.err, f.answers}
}

func (f *Feed[T]) run(ctx context.Context, path string, query url.Values, decode func([]byte) (T, error)) {
	var index uint64
	failures := 0
	for ctx.Err() == nil {
		began := time.Now()
		value, next, err := poll(ctx, f.client, path, query, index, decode)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			// A registry that comes back may count anew.
			index, failures = 0, failures+1
			f.set(func() { f.err = err })
			backoff.Sleep(ctx, backoff.After(failures))
			continue
		}
		failures = 0
		f.set(func() { f.value, f.known, f.err, f.answers = value, true, nil, f.answers+1 })
		if next < index {
			next = 0
		}
		// One that answers without waiting, and says nothing new, must not be asked in a busy loop.
		if (next == 0 || next == index) && time.Since(began) < time.Second {
			backoff.Sleep(ctx, time.Second)
		}
		index = next
	}
}

func (f *Feed[T]) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	for wake := range f.listeners {
		notify(wake)
	}
}

func notify(wake chan<- struct{}) {
	if wake == nil {
		return
	}
	select {
	case wake <- struct{}{}:
	default: // it is told already
	}
}

// poll asks once, and waits for something newer than index; 0 is nothing yet, and is never sent (R7).
func poll[T any](
	ctx context.Context, c *Client, path string, query url.Values, index uint64, decode func([]byte) (T, error),
) (value T, next uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, PollTimeout)
	defer cancel()
	asked := url.Values{"wait": {fmt.Sprintf("%ds", int(WaitTime.Seconds()))}}
	for name, values := range query {
		asked[name] = values
	}
	if index > 0 {
		asked.Set("index", strconv.FormatUint(index, 10))
	}
	body, header, err := c.Send(ctx, http.MethodGet, path, asked, nil)
	if err != nil {
		return value, 0, err
	}
	if value, err = decode(body); err != nil {
		return value, 0, fmt.Errorf("registry answered %s with what is none: %w", path, err)
	}
	// Where there is no index, or one that is none, each poll begins anew.
	next, _ = strconv.ParseUint(header.Get("X-Consul-Index"), 10, 64)
	return value, next, nil
}
