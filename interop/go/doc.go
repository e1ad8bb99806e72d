// Package samspel joins a Samspel system from Go: services that others find through the registry, call, tell, and feed
// with topics.
//
// [Run] runs a gRPC service: registered, healthy, reflecting, stopped with grace. Its start function gets a [Service], on
// which generated Register…Server functions work. [Subscribe] consumes a topic, [Publish] feeds one; [Service.TakeTells]
// takes what others tell, [Tell] tells others; [NewClient] calls them. [Reject] refuses a request so that every language
// can read why.
//
// The package registry is usable alone, with a plain gRPC program; the package inbox, for handlers whose effect is in
// Postgres, makes "at least once" once in effect.
//
// The letters and numbers in comments (A2, T1 …) are the promises that every language keeps: docs/joining.md.
package samspel
