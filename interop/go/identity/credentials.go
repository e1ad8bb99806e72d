package identity

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"

	"github.com/samspel/samspel/interop/go/registry"
)

// ClientCredentials are for channels whose target a resolver of the package registry resolves: it says which service an
// instance must be. They present the service's certificate, and never speak plaintext.
func (i *Identity) ClientCredentials() credentials.TransportCredentials {
	return &transport{TransportCredentials: credentials.NewTLS(i.serverConfig()), identity: i}
}

// ServerCredentials are for a server that takes only callers with a certificate. [Authorizer] decides which of them.
func (i *Identity) ServerCredentials() credentials.TransportCredentials {
	return &transport{TransportCredentials: credentials.NewTLS(i.serverConfig()), identity: i}
}

// transport is TLS; for a client, with the service that it expects of each address.
type transport struct {
	credentials.TransportCredentials
	identity *Identity
}

func (t *transport) ClientHandshake(
	ctx context.Context, authority string, conn net.Conn,
) (net.Conn, credentials.AuthInfo, error) {
	info := credentials.ClientHandshakeInfoFromContext(ctx)
	service, secure, ok := registry.PeerOf(info.Attributes)
	if !ok {
		return nil, nil, fmt.Errorf("cannot tell which service %s must be: use a target consul:///<proto service>", authority)
	}
	if !secure {
		return nil, nil, fmt.Errorf("an instance of %s speaks only plaintext: run it with SAMSPEL_IDENTITY=consul", service)
	}
	return credentials.NewTLS(t.identity.clientConfig(service)).ClientHandshake(ctx, authority, conn)
}

func (t *transport) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	secured, info, err := t.TransportCredentials.ServerHandshake(conn)
	if err != nil {
		t.identity.refused(conn.RemoteAddr(), err)
	}
	return secured, info, err
}

func (t *transport) Clone() credentials.TransportCredentials {
	return &transport{t.TransportCredentials.Clone(), t.identity}
}

func (i *Identity) serverConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2"},
		ClientAuth: tls.RequireAnyClientCert,
		// A resumed session would skip the check of the chain.
		SessionTicketsDisabled: true,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			own, _, err := i.current()
			if err != nil {
				return nil, err
			}
			return &own.certificate, nil
		},
		VerifyConnection: func(state tls.ConnectionState) error {
			_, err := i.verify(state.PeerCertificates, "", x509.ExtKeyUsageClientAuth)
			return err
		},
	}
}

func (i *Identity) clientConfig(expected string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2"},
		// Certificates of Consul name no host; VerifyConnection looks at all that crypto/tls would, and at the service.
		InsecureSkipVerify: true,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			own, _, err := i.current()
			if err != nil {
				return nil, err
			}
			return &own.certificate, nil
		},
		VerifyConnection: func(state tls.ConnectionState) error {
			_, err := i.verify(state.PeerCertificates, expected, x509.ExtKeyUsageServerAuth)
			return err
		},
	}
}

// verify looks at a peer's chain, when a connection is made.
func (i *Identity) verify(chain []*x509.Certificate, expected string, usage x509.ExtKeyUsage) (Peer, error) {
	_, accepted, err := i.current()
	if err != nil {
		return Peer{}, err
	}
	for _, trusted := range accepted {
		var peer Peer
		var reason error
		if peer, reason = trusted.verify(chain, expected, usage, time.Now()); reason == nil {
			return peer, nil
		}
		if err == nil {
			err = reason
		}
	}
	return Peer{}, fmt.Errorf("the peer is refused: %w", err)
}

// PeerFrom is who made a call, by the TLS of its connection. The chain was looked at when the connection was made; this
// looks whether the certificate is still in its time, and of a CA that is still accepted.
func (i *Identity) PeerFrom(info credentials.AuthInfo) (Peer, error) {
	secured, ok := info.(credentials.TLSInfo)
	if !ok || len(secured.State.PeerCertificates) == 0 {
		return Peer{}, errors.New("a connection without a certificate")
	}
	certificate := secured.State.PeerCertificates[0]
	if time.Now().After(certificate.NotAfter) {
		return Peer{}, errors.New("the caller's certificate has expired on this connection: make another")
	}
	_, accepted, err := i.current()
	if err != nil {
		return Peer{}, err
	}
	for _, trusted := range accepted {
		peer, reason := trusted.name(certificate, "")
		if reason == nil {
			return peer, nil
		}
		if err == nil {
			err = reason
		}
	}
	return Peer{}, fmt.Errorf("the caller is refused: %w", err)
}

// refusals keeps a peer that tries again and again from filling the log.
var refusals struct {
	sync.Mutex
	next time.Time
}

const refusalEvery = time.Second

func (i *Identity) refused(peer net.Addr, err error) {
	refusals.Lock()
	defer refusals.Unlock()
	if now := time.Now(); now.After(refusals.next) {
		refusals.next = now.Add(refusalEvery)
		i.log.Warn("a connection was refused", "peer", peer.String(), "reason", err.Error())
	}
}
