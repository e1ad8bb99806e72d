// Command scenario is Go's program of the interop suite: "scenario serve" or "scenario drive" (interop/README.md).
package main

import (
	"fmt"
	"os"

	samspel "github.com/samspel/samspel/interop/go"
)

func main() {
	mode := ""
	if len(os.Args) == 2 {
		mode = os.Args[1]
	}
	switch mode {
	case "serve":
		os.Exit(samspel.Run("scenario-go", serve))
	case "drive":
		os.Exit(samspel.Run("driver-go", drive))
	default:
		fmt.Fprintln(os.Stderr, "Usage: scenario serve|drive")
		os.Exit(2)
	}
}
