package registry_test

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/samspel/samspel/interop/go/registry"
)

// A plain gRPC program, without a service of its own.
func ExampleNewResolver() {
	conn, err := grpc.NewClient("consul:///orders.v1.OrderService?version=2",
		grpc.WithResolvers(registry.NewResolver(nil)),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close() }()
	fmt.Println(conn.Target())
	// Output: consul:///orders.v1.OrderService?version=2
}
