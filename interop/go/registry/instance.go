package registry

import (
	"cmp"
	"encoding/json"
	"net"
	"net/url"
	"slices"
	"strconv"
)

// Instance is a running process of a service, as the registry has it.
type Instance struct {
	// Service is the service's name; an instance may serve several proto services.
	Service string
	// ID tells instances apart.
	ID string
	// Address and Port are where it answers.
	Address string
	Port    int
	// Tags are "grpc" and the full name of each proto service.
	Tags []string
	// Meta has "version", "zone", "lang", "protocols", "secure" and others.
	Meta map[string]string
}

// Target is the instance's host:port.
func (i Instance) Target() string { return net.JoinHostPort(i.Address, strconv.Itoa(i.Port)) }

// Secure says whether it accepts TLS with a client certificate only.
func (i Instance) Secure() bool { return i.Meta["secure"] == "true" }

// Filter narrows what a [Watch] shows. The zero value shows all.
type Filter struct {
	// Tags that an instance must have, beside the proto service.
	Tags []string
	// Meta that an instance must have, with these values, such as version: 2.
	Meta map[string]string
	// Datacenter to look in. Default: the agent's own.
	Datacenter string
}

// parseFilter reads a target's query: "tag" (more than once), "dc", and names of meta.
func parseFilter(query url.Values) Filter {
	filter := Filter{Tags: query["tag"], Datacenter: query.Get("dc")}
	for name := range query {
		if name == "tag" || name == "dc" {
			continue
		}
		if filter.Meta == nil {
			filter.Meta = map[string]string{}
		}
		filter.Meta[name] = query.Get(name)
	}
	return filter
}

func (f Filter) matches(i Instance, protoService string) bool {
	if !slices.Contains(i.Tags, protoService) {
		return false
	}
	for _, tag := range f.Tags {
		if !slices.Contains(i.Tags, tag) {
			return false
		}
	}
	for name, value := range f.Meta {
		if i.Meta[name] != value {
			return false
		}
	}
	return true
}

func decodeCatalog(body []byte) (map[string][]string, error) {
	var names map[string][]string
	return names, json.Unmarshal(body, &names)
}

func decodeHealth(body []byte) ([]Instance, error) {
	var entries []struct {
		Node    struct{ Address string }
		Service struct {
			ID, Service, Address string
			Port                 int
			Tags                 []string
			Meta                 map[string]string
		}
	}
	if err := json.Unmarshal(body, &entries); err != nil {
		return nil, err
	}
	instances := make([]Instance, 0, len(entries))
	for _, e := range entries {
		s := e.Service
		instances = append(instances, Instance{
			Service: s.Service, ID: s.ID, Address: cmp.Or(s.Address, e.Node.Address), Port: s.Port, Tags: s.Tags, Meta: s.Meta,
		})
	}
	return instances, nil
}
