package registry

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const contractVersion = "1"

var dnsLabel = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Announcement is what an instance says of itself (R1, R2).
type Announcement struct {
	// Service is the service's name, a DNS label.
	Service string
	// Address and Port are where callers reach it. It must answer there already: its check starts as passing.
	Address string
	Port    int
	// ProtoServices are the full names of what it serves, without health and reflection.
	ProtoServices []string
	// Version and Zone are shown, and callers may choose by them.
	Version, Zone string
	// Lang is the language. Default: "go".
	Lang string
	// Descriptors is a [DescriptorSet], which is stored before the instance is registered.
	Descriptors []byte
	// HealthPort is that of a plaintext health listener on the loopback, for an instance that takes only TLS on Port.
	// It makes the instance Connect native.
	HealthPort int
	// Meta is what else others may want to know: keys without dots, values of at most 512 characters.
	Meta map[string]string
}

// ID is the instance's id, made of service, address and port.
func (a Announcement) ID() string {
	return strings.ReplaceAll(fmt.Sprintf("%s-%s-%d", a.Service, a.Address, a.Port), ".", "-")
}

// Of Consul.
const (
	maxMetaPairs  = 64
	maxMetaKey    = 128
	maxMetaLength = 512
)

var metaKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// check refuses what Consul would refuse, or what nobody could find.
func (a Announcement) check() error {
	switch {
	case !dnsLabel.MatchString(a.Service):
		return fmt.Errorf("cannot register name %q: it must be a DNS label, such as order-mail", a.Service)
	case a.Address == "":
		return fmt.Errorf("cannot register %s without an address", a.Service)
	case a.Port < 1 || a.Port > 65535:
		return fmt.Errorf("cannot register %s with port %d: it must be 1 to 65535", a.Service, a.Port)
	}
	meta := a.meta()
	if len(meta) > maxMetaPairs {
		return fmt.Errorf("cannot register %s with %d pairs of meta: they must be %d at most", a.Service, len(meta), maxMetaPairs)
	}
	for name, value := range meta {
		if !metaKey.MatchString(name) || len(name) > maxMetaKey {
			return fmt.Errorf("cannot register %s with meta %q: a key must be 1 to %d letters, digits, - and _", a.Service, name, maxMetaKey)
		}
		if len(value) > maxMetaLength {
			return fmt.Errorf("cannot register %s with meta %s of %d characters: they must be %d at most", a.Service, name, len(value), maxMetaLength)
		}
	}
	return nil
}

func (a Announcement) meta() map[string]string {
	meta := maps.Clone(a.Meta)
	if meta == nil {
		meta = map[string]string{}
	}
	meta["protocols"] = "grpc"
	meta["version"] = a.Version
	meta["zone"] = a.Zone
	meta["lang"] = cmp.Or(a.Lang, "go")
	meta["secure"] = strconv.FormatBool(a.HealthPort > 0)
	meta["samspel_contract"] = contractVersion
	if a.HealthPort > 0 {
		meta["health_port"] = strconv.Itoa(a.HealthPort)
	}
	if len(a.Descriptors) > 0 {
		meta["descriptor_sha256"] = sha256Of(a.Descriptors)
	}
	return meta
}

type consulRegistration struct {
	ID, Name, Address string
	Port              int
	Tags              []string
	Meta              map[string]string
	Check             consulCheck
	Connect           *consulConnect `json:",omitempty"`
}

type consulConnect struct{ Native bool }

type consulCheck struct {
	CheckID, GRPC, Interval, Timeout, Status string

	DeregisterCriticalServiceAfter string
}

// registration is the body of Consul's register call.
func (a Announcement) registration() consulRegistration {
	check := consulCheck{
		CheckID:                        "service:" + a.ID(),
		GRPC:                           net.JoinHostPort(a.Address, strconv.Itoa(a.Port)),
		Interval:                       "5s",
		Timeout:                        "2s",
		Status:                         "passing",
		DeregisterCriticalServiceAfter: "60s",
	}
	var connect *consulConnect
	if a.HealthPort > 0 {
		check.GRPC = net.JoinHostPort("127.0.0.1", strconv.Itoa(a.HealthPort))
		connect = &consulConnect{Native: true}
	}
	return consulRegistration{
		ID: a.ID(), Name: a.Service, Address: a.Address, Port: a.Port,
		Tags: a.tags(), Meta: a.meta(), Check: check, Connect: connect,
	}
}

func (a Announcement) tags() []string {
	tags := []string{"grpc"}
	for _, name := range a.ProtoServices {
		if !slices.Contains(tags, name) {
			tags = append(tags, name)
		}
	}
	return tags
}
