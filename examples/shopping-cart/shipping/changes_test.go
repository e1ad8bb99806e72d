package main

import "testing"

func TestChangesTellWakesTheTrackersOfACartAndNoOthers(t *testing.T) {
	c := &changes{trackers: map[chan struct{}]string{}}
	one, forgetOne := c.of("c-1")
	other, forgetOther := c.of("c-2")
	defer forgetOther()
	c.tell("c-1")
	c.tell("c-1") // a tracker that has not looked yet does not hold up who tells
	if len(one) != 1 || len(other) != 0 {
		t.Fatalf("woken: %d of c-1, %d of c-2", len(one), len(other))
	}
	forgetOne()
	c.tell("")
	if len(one) != 1 || len(other) != 1 {
		t.Fatalf("woken by what was missed: %d of the forgotten one, %d of c-2", len(one), len(other))
	}
}
