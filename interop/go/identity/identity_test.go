package identity_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/samspel/samspel/interop/go/identity"
	"github.com/samspel/samspel/interop/go/internal/consul"
	"github.com/samspel/samspel/interop/go/internal/consultest"
	"github.com/samspel/samspel/interop/go/registry"
)

const domain = "11111111-2222-3333-4444-555555555555.consul"

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// authority is a CA, as Consul's.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, template := newKey(t), template(time.Hour)
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{certificate, key}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func template(valid time.Duration) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<60))
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(valid),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
}

func spiffe(trustDomain, service string) string {
	return "spiffe://" + trustDomain + "/ns/default/dc/dc1/svc/" + service
}

// issue gives a leaf with its key, in PEM.
func (a authority) issue(t *testing.T, valid time.Duration, uris ...string) (certificate, key string) {
	t.Helper()
	private, leaf := newKey(t), template(valid)
	for _, text := range uris {
		uri, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		leaf.URIs = append(leaf.URIs, uri)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, a.certificate, &private.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf("CERTIFICATE", der), pemOf("EC PRIVATE KEY", keyDER)
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func give(t *testing.T, fake *consultest.Registry, path string, value any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	fake.SetValue("/v1/agent/connect/ca/"+path, text)
}

func giveLeaf(t *testing.T, fake *consultest.Registry, service, certificate, key string) {
	t.Helper()
	give(t, fake, "leaf/"+service, map[string]string{"CertPEM": certificate, "PrivateKeyPEM": key})
}

func giveRoots(t *testing.T, fake *consultest.Registry, authorities ...authority) {
	t.Helper()
	var roots []map[string]string
	for _, a := range authorities {
		roots = append(roots, map[string]string{"RootCert": pemOf("CERTIFICATE", a.certificate.Raw)})
	}
	give(t, fake, "roots", map[string]any{"TrustDomain": domain, "Roots": roots})
}

// ground is a registry with a CA, and a server with an identity.
type ground struct {
	fake  *consultest.Registry
	ca    authority
	owner *identity.Identity
	port  int
}

func prepare(t *testing.T) ground {
	t.Helper()
	g := ground{fake: consultest.Start(t), ca: newAuthority(t)}
	giveRoots(t, g.fake, g.ca)
	certificate, key := g.ca.issue(t, time.Hour, spiffe(domain, "orders"))
	giveLeaf(t, g.fake, "orders", certificate, key)
	g.owner = openIdentity(t, g.fake, "orders")
	g.port = serve(t, g.owner.ServerCredentials())
	return g
}

func openIdentity(t *testing.T, fake *consultest.Registry, service string) *identity.Identity {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	i, err := identity.Open(ctx, consul.Config{URL: fake.URL}, service, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	return i
}

// serve answers health, which every caller has the code of.
func serve(t *testing.T, c credentials.TransportCredentials) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.Creds(c))
	healthpb.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	address, _ := listener.Addr().(*net.TCPAddr)
	return address.Port
}

// dial calls what the registry has as an instance of the service orders.
func (g ground) dial(t *testing.T, port int, c credentials.TransportCredentials) healthpb.HealthClient {
	t.Helper()
	g.fake.Put(consultest.Service{
		ID: "a", Name: "orders", Port: port, Tags: []string{"grpc.health.v1.Health"}, Meta: map[string]string{"secure": "true"},
	})
	client, err := registry.NewClient(registry.Config{URL: g.fake.URL})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient("consul:///grpc.health.v1.Health",
		grpc.WithResolvers(registry.NewResolver(client)), grpc.WithTransportCredentials(c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return healthpb.NewHealthClient(conn)
}

func check(client healthpb.HealthClient) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := client.Check(ctx, &healthpb.HealthCheckRequest{})
	return err
}

func TestBothSidesKnowEachOther(t *testing.T) {
	g := prepare(t)
	certificate, key := g.ca.issue(t, time.Hour, spiffe(domain, "cart"))
	giveLeaf(t, g.fake, "cart", certificate, key)
	if err := check(g.dial(t, g.port, openIdentity(t, g.fake, "cart").ClientCredentials())); err != nil {
		t.Fatal(err)
	}
}

func TestAServerRefusesWhoIsNobody(t *testing.T) {
	g := prepare(t)
	other := newAuthority(t)
	for name, issue := range map[string]func() (string, string){
		"of another CA":              func() (string, string) { return other.issue(t, time.Hour, spiffe(domain, "cart")) },
		"expired":                    func() (string, string) { return g.ca.issue(t, -time.Minute, spiffe(domain, "cart")) },
		"of another trust domain":    func() (string, string) { return g.ca.issue(t, time.Hour, spiffe("x.consul", "cart")) },
		"of two services":            func() (string, string) { return g.ca.issue(t, time.Hour, spiffe(domain, "cart"), spiffe(domain, "b")) },
		"without a name":             func() (string, string) { return g.ca.issue(t, time.Hour) },
		"of something that is no id": func() (string, string) { return g.ca.issue(t, time.Hour, "https://cart") },
	} {
		certificate, key := issue()
		pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		config := &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}}
		if err := check(g.dial(t, g.port, credentials.NewTLS(config))); status.Code(err) != codes.Unavailable {
			t.Errorf("a certificate %s: %v", name, err)
		}
	}
	config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}
	if err := check(g.dial(t, g.port, credentials.NewTLS(config))); status.Code(err) != codes.Unavailable {
		t.Errorf("no certificate: %v", err)
	}
}

func TestAClientRefusesAServerThatIsAnotherService(t *testing.T) {
	g := prepare(t)
	certificate, key := g.ca.issue(t, time.Hour, spiffe(domain, "cart"))
	giveLeaf(t, g.fake, "cart", certificate, key)
	cart := openIdentity(t, g.fake, "cart")
	impostor := serve(t, cart.ServerCredentials())
	err := check(g.dial(t, impostor, cart.ClientCredentials()))
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "it is another service: cart, not orders") {
		t.Errorf("%v", err)
	}
}

func TestAnotherRootAndAnotherLeafAreTakenWhileItRuns(t *testing.T) {
	g := prepare(t)
	next := newAuthority(t)
	giveRoots(t, g.fake, g.ca, next)
	certificate, key := next.issue(t, time.Hour, spiffe(domain, "cart"))
	giveLeaf(t, g.fake, "cart", certificate, key)
	cart := openIdentity(t, g.fake, "cart")
	end := time.Now().Add(20 * time.Second)
	for check(g.dial(t, g.port, cart.ClientCredentials())) != nil {
		if time.Now().After(end) {
			t.Fatal("the server does not know the other root")
		}
	}
	certificate, key = next.issue(t, time.Hour, spiffe(domain, "orders"))
	giveLeaf(t, g.fake, "orders", certificate, key)
	giveRoots(t, g.fake, next)
	for check(g.dial(t, g.port, cart.ClientCredentials())) != nil {
		if time.Now().After(end) {
			t.Fatal("without the old root there is no way any more")
		}
	}
}

func TestALeafThatExpiresEndsAllHandshakes(t *testing.T) {
	g := prepare(t)
	valid := make(chan bool, 4)
	g.owner.OnValid(func(v bool) { valid <- v })
	if !<-valid {
		t.Fatal("it is not valid at the beginning")
	}
	certificate, key := g.ca.issue(t, time.Hour, spiffe(domain, "cart"))
	giveLeaf(t, g.fake, "cart", certificate, key)
	cart := openIdentity(t, g.fake, "cart")
	certificate, key = g.ca.issue(t, -time.Minute, spiffe(domain, "orders"))
	giveLeaf(t, g.fake, "orders", certificate, key)
	if <-valid {
		t.Fatal("it is valid for ever")
	}
	if err := check(g.dial(t, g.port, cart.ClientCredentials())); status.Code(err) != codes.Unavailable {
		t.Errorf("%v", err)
	}
	certificate, key = g.ca.issue(t, time.Hour, spiffe(domain, "orders"))
	giveLeaf(t, g.fake, "orders", certificate, key)
	if !<-valid {
		t.Fatal("a new one does not help")
	}
	if err := check(g.dial(t, g.port, cart.ClientCredentials())); err != nil {
		t.Errorf("%v", err)
	}
}
