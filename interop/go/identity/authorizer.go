package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/samspel/samspel/interop/go/internal/consul"
)

// intention says who may call whom.
type intention struct {
	SourceName, DestinationName, SourceType, Action string

	SourceNS, SourcePartition, SourcePeer string

	Precedence  int
	Permissions []json.RawMessage
}

type decision int

const (
	byDefault decision = iota
	allow
	deny
)

// decide evaluates the intentions of a destination for a caller, as Consul does: the highest precedence wins. One with
// L7 permissions counts as deny, as it does for Consul's own authorize.
func decide(intentions []intention, destination, source string) decision {
	var best *intention
	for n := range intentions {
		i := &intentions[n]
		if i.matches(destination, source) && (best == nil || i.Precedence > best.Precedence) {
			best = i
		}
	}
	switch {
	case best == nil:
		return byDefault
	case best.Action == "allow" && len(best.Permissions) == 0:
		return allow
	default:
		return deny
	}
}

func (i *intention) matches(destination, source string) bool {
	return (i.SourceName == source || i.SourceName == "*") &&
		(i.DestinationName == destination || i.DestinationName == "*") &&
		(i.SourceType == "" || i.SourceType == "consul") &&
		i.SourcePeer == "" &&
		(i.SourcePartition == "" || i.SourcePartition == "default") &&
		(i.SourceNS == "" || i.SourceNS == "default" || i.SourceNS == "*")
}

// Authorizer decides who may call a service, by Consul's intentions. They are kept here, so a decision takes no
// request, but one that no intention makes: that the registry is asked for once, until the intentions change.
type Authorizer struct {
	identity *Identity
	feed     *consul.Feed[[]intention]
	wake     chan struct{}
	cancel   context.CancelFunc

	mu      sync.Mutex
	changed chan struct{}
	// defaults are what the registry said of callers that no intention names, and at which answer of the feed. One of an
	// earlier answer is asked for again, and holds while the registry is away.
	defaults map[string]said
	answer   uint64
}

type said struct {
	allowed bool
	answer  uint64
}

// Authorizer begins to watch the intentions of the service. Close it.
func (i *Identity) Authorizer() *Authorizer {
	ctx, cancel := context.WithCancel(context.Background())
	a := &Authorizer{
		identity: i, wake: make(chan struct{}, 1), cancel: cancel,
		changed: make(chan struct{}), defaults: map[string]said{},
	}
	query := url.Values{"by": {"destination"}, "name": {i.service}}
	a.feed = consul.Subscribe(i.agent, "/v1/connect/intentions/match", query, decodeMatch(i.service), a.wake)
	go func() {
		for {
			select {
			case <-a.wake:
				a.turn()
			case <-ctx.Done():
				a.feed.Unsubscribe(a.wake)
				return
			}
		}
	}()
	return a
}

// Close ends the watch.
func (a *Authorizer) Close() { a.cancel() }

// Changed is closed when a decision may be another than now.
func (a *Authorizer) Changed() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.changed
}

func (a *Authorizer) turn() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.feed.Read(); now.Answers != a.answer {
		a.answer = now.Answers
		close(a.changed)
		a.changed = make(chan struct{})
	}
}

// Allow says whether a peer may call, and, where not, why. The error says that nobody knows: the registry has never
// answered.
func (a *Authorizer) Allow(ctx context.Context, peer Peer) (allowed bool, why string, err error) {
	now := a.feed.Read()
	for !now.Known {
		changed := a.Changed()
		if now = a.feed.Read(); now.Known || now.Err != nil {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false, "", ctx.Err()
		}
	}
	if !now.Known {
		return false, "", now.Err
	}
	switch decide(now.Value, a.identity.service, peer.Service) {
	case allow:
		return true, "", nil
	case deny:
		return false, "an intention denies it", nil
	default:
		allowed, err := a.byDefault(ctx, peer, now.Answers)
		return allowed, "no intention allows it", err
	}
}

func (a *Authorizer) byDefault(ctx context.Context, peer Peer, answer uint64) (bool, error) {
	a.mu.Lock()
	known, ok := a.defaults[peer.Service]
	a.mu.Unlock()
	if ok && known.answer == answer {
		return known.allowed, nil
	}
	allowed, err := a.ask(ctx, peer)
	if err != nil {
		if ok && ctx.Err() == nil {
			return known.allowed, nil
		}
		return false, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.defaults[peer.Service] = said{allowed, answer}
	return allowed, nil
}

func (a *Authorizer) ask(ctx context.Context, peer Peer) (bool, error) {
	asked, err := json.Marshal(map[string]string{
		"Target": a.identity.service, "ClientCertURI": peer.SPIFFEID, "ClientCertSerial": peer.Serial,
	})
	if err != nil {
		return false, err
	}
	body, err := a.identity.agent.Call(ctx, http.MethodPost, "/v1/agent/connect/authorize", nil, asked)
	if err != nil {
		return false, err
	}
	var answered struct{ Authorized bool }
	if err := json.Unmarshal(body, &answered); err != nil {
		return false, fmt.Errorf("the registry says neither yes nor no: %w", err)
	}
	return answered.Authorized, nil
}

func decodeMatch(service string) func([]byte) ([]intention, error) {
	return func(body []byte) ([]intention, error) {
		var answer map[string][]intention
		err := json.Unmarshal(body, &answer)
		return answer[service], err
	}
}
