package identity

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"testing"
)

func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("../../vectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func TestPeersAreWhoTheyAreInEveryLanguage(t *testing.T) {
	var file struct {
		Vectors []struct {
			About, TrustDomain, Expected, Service, Refused string
			URISans                                        []string
		}
	}
	read(t, "spiffe.json", &file)
	if len(file.Vectors) < 10 {
		t.Fatal("there are no vectors")
	}
	reasons := map[error]string{
		errNoURI: "no-uri", errSeveralURIs: "several-uris", errNotSPIFFE: "not-spiffe", errTrustDomain: "trust-domain",
		errPath: "path", errService: "service",
	}
	for _, v := range file.Vectors {
		var uris []*url.URL
		unreadable := false
		for _, text := range v.URISans {
			uri, err := url.Parse(text)
			if err != nil {
				unreadable = true // crypto/x509 refuses such a certificate
				continue
			}
			uris = append(uris, uri)
		}
		peer, err := peerOf(uris, v.TrustDomain, v.Expected)
		reason := ""
		for known, name := range reasons {
			if errors.Is(err, known) {
				reason = name
			}
		}
		if unreadable && v.Refused != "" {
			continue
		}
		if reason != v.Refused || (v.Refused == "" && peer.Service != v.Service) {
			t.Errorf("%s: %q %q, not %q %q", v.About, peer.Service, reason, v.Service, v.Refused)
		}
	}
}

func TestIntentionsDecideAsInEveryLanguage(t *testing.T) {
	var file struct {
		Vectors []struct {
			About, Destination, Source, Decision string
			Intentions                           []intention
		}
	}
	read(t, "intentions.json", &file)
	if len(file.Vectors) < 10 {
		t.Fatal("there are no vectors")
	}
	names := map[decision]string{byDefault: "default", allow: "allow", deny: "deny"}
	for _, v := range file.Vectors {
		if found := names[decide(v.Intentions, v.Destination, v.Source)]; found != v.Decision {
			t.Errorf("%s: %s, not %s", v.About, found, v.Decision)
		}
	}
}
