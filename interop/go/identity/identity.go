// Package identity gives a service a certificate of Consul's CA ("Connect native"), so that calls go by mutual TLS
// without a sidecar: each side knows which service the other one is, and Consul's intentions decide who may call.
//
// What it keeps:
//
//  1. Leaf and roots are renewed while the process runs, without a dropped call: new handshakes take the newest.
//  2. A peer is who its certificate says, or nobody: a chain to the roots, exactly one URI SAN, of the trust domain, and,
//     of a server, of the service that the registry gave for the instance.
//  3. A registry that is away changes nothing, until the leaf expires; then no handshake succeeds.
//  4. A registry that comes back with another CA is followed: the former trust domain is accepted for 30 s more, and
//     clients make new connections within them ([Identity.Epoch]).
//  5. No key is ever logged.
package identity

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/samspel/samspel/interop/go/internal/consul"
)

// Identity is a service's certificate and what it is checked against. Close it.
type Identity struct {
	service string
	agent   *consul.Client
	log     *slog.Logger
	cancel  context.CancelFunc
	done    chan struct{}
	ready   chan struct{}

	mu      sync.RWMutex
	leaf    *leaf
	trusted *trusted
	// former is the CA before this one, where the registry came back with another: accepted until then, so that nobody
	// is cut off while all learn of it.
	former      *trusted
	formerUntil time.Time
	epoch       int
	nextEpoch   chan struct{}
	// watchers are told when the leaf becomes valid or expires.
	watchers []func(valid bool)
}

// leaf is a certificate with its key and what its issuer put beside it.
type leaf struct {
	certificate tls.Certificate
	parsed      *x509.Certificate
}

// trusted are the CA's roots, also those that are on their way out.
type trusted struct {
	roots  *x509.CertPool
	domain string
}

// Open fetches the certificate of a service and the CA's roots, and keeps them fresh. It returns when both are there;
// until ctx is done it waits for a registry that is away.
func Open(ctx context.Context, config consul.Config, service string, log *slog.Logger) (*Identity, error) {
	agent, err := consul.New(config)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.Background())
	i := &Identity{
		service: service, agent: agent, log: log, cancel: cancel, done: make(chan struct{}), ready: make(chan struct{}),
		nextEpoch: make(chan struct{}),
	}
	wake := make(chan struct{}, 1)
	leaves := consul.Subscribe(agent, "/v1/agent/connect/ca/leaf/"+url.PathEscape(service), nil, decodeLeaf, wake)
	roots := consul.Subscribe(agent, "/v1/agent/connect/ca/roots", nil, decodeRoots, wake)
	go func() {
		defer close(i.done)
		defer leaves.Unsubscribe(wake)
		defer roots.Unsubscribe(wake)
		i.keep(running, leaves, roots, wake)
	}()
	select {
	case <-i.ready:
		return i, nil
	case <-ctx.Done():
		i.Close()
		err := errors.Join(leaves.Read().Err, roots.Read().Err, ctx.Err())
		return nil, fmt.Errorf("the registry gives no certificate for %s: %w", service, err)
	}
}

// Close ends the renewal.
func (i *Identity) Close() {
	i.cancel()
	<-i.done
}

// Service is the service's name.
func (i *Identity) Service() string { return i.service }

// OnValid has a function told whether the certificate is valid: now, and whenever that changes.
func (i *Identity) OnValid(watch func(valid bool)) {
	i.mu.Lock()
	i.watchers = append(i.watchers, watch)
	valid := i.leaf.valid(time.Now())
	i.mu.Unlock()
	watch(valid)
}

const (
	// formerTime is how long the trust domain before this one is accepted, epochTime how long all have to learn of the
	// new one: they poll a registry that was away every 5 s at least.
	formerTime = 30 * time.Second
	epochTime  = 10 * time.Second
)

// Epoch counts the CAs that the registry had, and says when it goes on: connections of an earlier one are to be made
// anew. It is for resolvers, see registry.WithEpoch.
func (i *Identity) Epoch() (epoch int, next <-chan struct{}) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.epoch, i.nextEpoch
}

// trust takes what the registry says now; under the lock.
func (i *Identity) trust(now *trusted) {
	if i.trusted != nil && i.trusted.domain != now.domain {
		i.log.Warn("the registry has another CA", "trust_domain", now.domain, "before", i.trusted.domain)
		i.former, i.formerUntil = i.trusted, time.Now().Add(formerTime)
		time.AfterFunc(epochTime, func() {
			i.mu.Lock()
			defer i.mu.Unlock()
			i.epoch++
			close(i.nextEpoch)
			i.nextEpoch = make(chan struct{})
		})
	}
	i.trusted = now
}

func (l *leaf) valid(now time.Time) bool { return l != nil && now.Before(l.parsed.NotAfter) }

func (i *Identity) keep(
	ctx context.Context, leaves *consul.Feed[*leaf], roots *consul.Feed[*trusted], wake <-chan struct{},
) {
	begun, valid := false, false
	for {
		i.mu.Lock()
		if now := leaves.Read(); now.Known {
			i.leaf = now.Value
		}
		if now := roots.Read(); now.Known {
			i.trust(now.Value)
		}
		current, complete, watchers := i.leaf, i.leaf != nil && i.trusted != nil, i.watchers
		i.mu.Unlock()
		if complete && !begun {
			begun = true
			close(i.ready)
		}
		if now := current.valid(time.Now()); now != valid {
			valid = now
			if !valid {
				i.log.Error("the certificate has expired and the registry gave no other: no call is made or taken",
					"service", i.service, "expired", current.parsed.NotAfter)
			}
			for _, watch := range watchers {
				watch(valid)
			}
		}
		var expiry <-chan time.Time
		if valid {
			expiry = time.After(time.Until(current.parsed.NotAfter))
		}
		select {
		case <-wake:
		case <-expiry:
		case <-ctx.Done():
			return
		}
	}
}

// current is the own certificate, and the CAs that peers may be of.
func (i *Identity) current() (*leaf, []*trusted, error) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	now := time.Now()
	if !i.leaf.valid(now) {
		return nil, nil, errors.New("the own certificate has expired, and the registry gave no other")
	}
	accepted := []*trusted{i.trusted}
	if i.former != nil && now.Before(i.formerUntil) {
		accepted = append(accepted, i.former)
	}
	return i.leaf, accepted, nil
}

func decodeLeaf(body []byte) (*leaf, error) {
	var answer struct{ CertPEM, PrivateKeyPEM string }
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	certificate, err := tls.X509KeyPair([]byte(answer.CertPEM), []byte(answer.PrivateKeyPEM))
	if err != nil {
		return nil, errors.New("a leaf that is no certificate with its key") // the reason might quote the key
	}
	parsed, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		return nil, err
	}
	certificate.Leaf = parsed
	return &leaf{certificate, parsed}, nil
}

func decodeRoots(body []byte) (*trusted, error) {
	var answer struct {
		TrustDomain string
		Roots       []struct{ RootCert string }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	t := &trusted{roots: x509.NewCertPool(), domain: answer.TrustDomain}
	for _, root := range answer.Roots {
		if !t.roots.AppendCertsFromPEM([]byte(root.RootCert)) {
			return nil, errors.New("a root that is no certificate")
		}
	}
	if t.domain == "" || len(answer.Roots) == 0 {
		return nil, errors.New("no trust domain, or no root")
	}
	return t, nil
}
