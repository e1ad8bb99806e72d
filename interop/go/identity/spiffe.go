package identity

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Peer is who is at the other end of a connection.
type Peer struct {
	// Service is the service's name, as in the registry.
	Service string
	// SPIFFEID is the certificate's name: spiffe://<trust domain>/ns/default/dc/<dc>/svc/<service>.
	SPIFFEID string
	// Serial is the certificate's number, in hex with colons, as Consul has it.
	Serial string
}

// Why a peer is refused. They are looked at in this order.
var (
	errNoURI       = errors.New("its certificate names no URI")
	errSeveralURIs = errors.New("its certificate names several URIs")
	errNotSPIFFE   = errors.New("its certificate's URI is no SPIFFE id")
	errTrustDomain = errors.New("it is of another trust domain")
	errPath        = errors.New("its SPIFFE id names no service")
	errService     = errors.New("it is another service")
)

// peerOf reads who a certificate belongs to. Expected is "" where any service may be it.
func peerOf(uris []*url.URL, trustDomain, expected string) (Peer, error) {
	switch len(uris) {
	case 0:
		return Peer{}, errNoURI
	case 1:
	default:
		return Peer{}, errSeveralURIs
	}
	uri := uris[0]
	if uri.Scheme != "spiffe" || uri.Opaque != "" || uri.User != nil || uri.Port() != "" || strings.HasSuffix(uri.Host, ":") ||
		uri.RawQuery != "" || uri.ForceQuery || uri.Fragment != "" || uri.Host == "" {
		return Peer{}, errNotSPIFFE
	}
	if !strings.EqualFold(uri.Host, trustDomain) {
		return Peer{}, fmt.Errorf("%w: %s", errTrustDomain, uri.Host)
	}
	service, ok := serviceOf(uri.EscapedPath())
	if !ok {
		return Peer{}, errPath
	}
	if expected != "" && service != expected {
		return Peer{}, fmt.Errorf("%w: %s, not %s", errService, service, expected)
	}
	return Peer{Service: service, SPIFFEID: uri.String()}, nil
}

// serviceOf reads /ns/default/dc/<dc>/svc/<service>.
func serviceOf(path string) (string, bool) {
	segments := strings.Split(path, "/")
	if len(segments) != 7 {
		return "", false
	}
	for i, wanted := range []string{"", "ns", "default", "dc", "", "svc"} {
		if wanted != "" && segments[i] != wanted || i == 0 && segments[0] != "" {
			return "", false
		}
	}
	datacenter, err := url.PathUnescape(segments[4])
	if err != nil || datacenter == "" || strings.Contains(datacenter, "/") {
		return "", false
	}
	service, err := url.PathUnescape(segments[6])
	return service, err == nil && service != "" && !strings.Contains(service, "/")
}

// verify reads who presented a chain of certificates, leaf first.
func (t *trusted) verify(chain []*x509.Certificate, expected string, usage x509.ExtKeyUsage, now time.Time) (Peer, error) {
	if len(chain) == 0 {
		return Peer{}, errors.New("it has no certificate")
	}
	between := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		between.AddCert(certificate)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: t.roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	if err != nil {
		return Peer{}, err
	}
	return t.name(chain[0], expected)
}

// name reads who a certificate belongs to whose chain is good.
func (t *trusted) name(certificate *x509.Certificate, expected string) (Peer, error) {
	peer, err := peerOf(certificate.URIs, t.domain, expected)
	if err != nil {
		return Peer{}, err
	}
	for i, b := range certificate.SerialNumber.Bytes() {
		if i > 0 {
			peer.Serial += ":"
		}
		peer.Serial += fmt.Sprintf("%02x", b)
	}
	return peer, nil
}
