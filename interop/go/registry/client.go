// Package registry finds and registers instances of services in Consul, by Samspel's joining contract. It needs nothing
// else of this module: a plain gRPC program resolves "consul:///orders.v1.OrderService" with it.
//
// What it keeps:
//
//   - R2, R4. A [Registration] stays in the registry until it is closed, whatever the registry forgets.
//   - R5. A [Watch] never loses what it knows: while the registry does not answer, and for 10 s after it says "none"
//     where it said "some" before, the last good set stays.
//   - R7. Of each name there is one long poll in a process (of a [Client]), of at most 25 s; indexes are 64 bits, and
//     begin anew when they go back.
package registry

import "github.com/samspel/samspel/interop/go/internal/consul"

// Config says where the registry is. Its zero value is what the environment says.
type Config = consul.Config

// Client speaks with one registry. It is safe for concurrent use; share it, as it shares long polls.
type Client struct{ consul *consul.Client }

// NewClient makes a client. It does not connect: a registry that is away is waited for by what needs it.
func NewClient(config Config) (*Client, error) {
	agent, err := consul.New(config)
	if err != nil {
		return nil, err
	}
	return &Client{agent}, nil
}
