package registry_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/samspel/samspel/interop/go/registry"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: in vain", what)
		}
	}
}

func TestRegistrationStaysWhateverTheRegistryForgets(t *testing.T) {
	fake, client := open(t)
	set := []byte("a set of descriptors")
	digest := sha256.Sum256(set)
	key := "samspel/descriptors/" + hex.EncodeToString(digest[:])
	fake.SetAway(true)
	r, err := client.Register(registry.Announcement{
		Service: "orders", Address: "127.0.0.1", Port: 4000, ProtoServices: []string{"s.S"}, Descriptors: set,
	}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	fake.SetAway(false)
	registered := func() bool {
		_, ok := fake.Find("orders-127-0-0-1-4000")
		return ok && fake.Value(key) != nil
	}
	eventually(t, "a registry that is away is waited for", registered)
	<-r.Registered()
	fake.Forget()
	eventually(t, "it is registered again, with its descriptors", registered)
	fake.Remove("orders-127-0-0-1-4000")
	eventually(t, "it is registered again", registered)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if registered() {
		t.Error("it is still there")
	}
}

func TestRegistrationHasMetaOfTheDescriptors(t *testing.T) {
	fake, client := open(t)
	set, err := registry.DescriptorSet([]string{"grpc.health.v1.Health"})
	if err == nil {
		t.Fatal("the health service is not linked into this test: it would have been found")
	}
	if !strings.Contains(err.Error(), "grpc.health.v1.Health") || set != nil {
		t.Errorf("the error must name it: %v", err)
	}
	r, err := client.Register(registry.Announcement{Service: "x", Address: "h", Port: 1, Descriptors: []byte{1}}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	eventually(t, "it is there", func() bool {
		s, ok := fake.Find("x-h-1")
		return ok && len(s.Meta["descriptor_sha256"]) == 64 && s.Meta["lang"] == "go"
	})
}

func TestNewClientRefusesWhatIsNoRegistry(t *testing.T) {
	for _, url := range []string{"ftp://me:secret@host", "http://", "http://host:0"} {
		_, err := registry.NewClient(registry.Config{URL: url})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
