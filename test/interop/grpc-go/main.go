// Command grpc-go is a stock Go gRPC peer. It runs a case of gRPC's own interop suite against a server (`client`), is
// the suite's server (`serve`), and is both ends of a measurement (`bench-client`, `bench-serve`).
package main

import (
	"fmt"
	"os"
)

var commands = map[string]func(args []string) error{
	"client":       runCase,
	"serve":        serve,
	"bench-client": benchClient,
	"bench-serve":  benchServe,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: grpc-go client <address> <case> | serve | bench-client <address> | bench-serve")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
