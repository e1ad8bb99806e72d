package registry_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/samspel/samspel/interop/go/internal/consultest"
	"github.com/samspel/samspel/interop/go/registry"
)

const patience = 20 * time.Second

func open(t *testing.T) (*consultest.Registry, *registry.Client) {
	t.Helper()
	fake := consultest.Start(t)
	client, err := registry.NewClient(registry.Config{URL: fake.URL})
	if err != nil {
		t.Fatal(err)
	}
	return fake, client
}

// until waits for what a watch shows.
func until(t *testing.T, w *registry.Watch, what string, holds func(ids []string, known bool, err error) bool) {
	t.Helper()
	timeout := time.After(patience)
	for {
		changed := w.Changed()
		instances, known, err := w.Current()
		ids := make([]string, 0, len(instances))
		for _, i := range instances {
			ids = append(ids, i.ID)
		}
		if holds(ids, known, err) {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("%s: in vain: %v %v %v", what, ids, known, err)
		}
	}
}

func shows(wanted ...string) func([]string, bool, error) bool {
	return func(ids []string, known bool, err error) bool {
		return known && err == nil && slices.Equal(ids, wanted)
	}
}

func TestWatchFindsWhoServesAProtoServiceUnderAnyName(t *testing.T) {
	fake, client := open(t)
	w := client.Watch("orders.v1.OrderService", registry.Filter{})
	defer w.Close()
	until(t, w, "none is known to be there", shows())
	fake.Put(consultest.Service{ID: "a", Name: "orders", Address: "10.0.0.1", Port: 1, Tags: []string{"grpc", "orders.v1.OrderService"}})
	fake.Put(consultest.Service{ID: "b", Name: "shop", Port: 2, Tags: []string{"orders.v1.OrderService"}})
	fake.Put(consultest.Service{ID: "c", Name: "orders", Port: 3, Tags: []string{"orders.v1.OtherService"}})
	until(t, w, "both are found, and not who shares a name", shows("a", "b"))
	instances, _, _ := w.Current()
	if instances[0].Target() != "10.0.0.1:1" || instances[1].Target() != "127.0.0.1:2" {
		t.Errorf("targets: %v", instances)
	}
	fake.Remove("a")
	until(t, w, "one of several that leaves is gone at once", shows("b"))
}

func TestWatchFiltersByTagAndMeta(t *testing.T) {
	fake, client := open(t)
	tags := []string{"s.S", "canary"}
	fake.Put(consultest.Service{ID: "a", Name: "x", Tags: tags, Meta: map[string]string{"version": "2"}})
	fake.Put(consultest.Service{ID: "b", Name: "x", Tags: tags, Meta: map[string]string{"version": "1"}})
	fake.Put(consultest.Service{ID: "c", Name: "x", Tags: tags[:1], Meta: map[string]string{"version": "2"}})
	w := client.Watch("s.S", registry.Filter{Tags: []string{"canary"}, Meta: map[string]string{"version": "2"}})
	defer w.Close()
	until(t, w, "only a is all of it", shows("a"))
}

func TestWatchKeepsWhatItKnowsWhileTheRegistryIsAway(t *testing.T) {
	fake, client := open(t)
	fake.Put(consultest.Service{ID: "a", Name: "x", Tags: []string{"s.S"}})
	w := client.Watch("s.S", registry.Filter{})
	defer w.Close()
	until(t, w, "it is found", shows("a"))
	fake.SetAway(true)
	until(t, w, "it stays, with the error", func(ids []string, known bool, err error) bool {
		return known && err != nil && slices.Equal(ids, []string{"a"})
	})
	fake.SetAway(false)
	until(t, w, "the registry is back", shows("a"))
}

func TestWatchDoubtsASuddenEmptyAnswer(t *testing.T) {
	fake, client := open(t)
	fake.Put(consultest.Service{ID: "a", Name: "x", Tags: []string{"s.S"}})
	w := client.Watch("s.S", registry.Filter{})
	defer w.Close()
	until(t, w, "it is found", shows("a"))
	forgotten := time.Now()
	fake.Forget()
	until(t, w, "none is believed only then", shows())
	if took := time.Since(forgotten); took < 9*time.Second {
		t.Errorf("it was believed after %v", took)
	}
	fake.Put(consultest.Service{ID: "b", Name: "x", Tags: []string{"s.S"}})
	until(t, w, "one that comes is there at once, though the index counts anew", shows("b"))
}

func TestWaitEndsWithItsContext(t *testing.T) {
	_, client := open(t)
	w := client.Watch("s.S", registry.Filter{})
	defer w.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.Wait(ctx); err == nil {
		t.Error("there is none to find")
	}
}
