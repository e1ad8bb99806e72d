package samspel

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/samspel/samspel/interop/go/internal/wire"
)

const maxErrorCharacters = 1024

// park stores a message whole as a dead letter, with what went wrong (T2). The same one a second time is dropped by its
// id. It returns only after the broker has it, so that the message may be given up.
func (c *consumer) park(ctx context.Context, d *delivery, cause error, final bool) error {
	if err := c.given(ctx, d, cause, final); err != nil {
		return err
	}
	header := nats.Header{}
	for name, values := range d.raw.Headers() {
		// Those are orders to the server about the first publishing.
		if !strings.HasPrefix(strings.ToLower(name), "nats-") {
			header[name] = values
		}
	}
	sequence := strconv.FormatUint(d.place.Sequence.Stream, 10)
	for name, value := range map[string]string{
		"Nats-Msg-Id":      fmt.Sprintf("%s/%s/%s", c.group, d.place.Stream, sequence),
		"Samspel-Error":    readable(cause),
		"Samspel-Attempts": strconv.FormatUint(d.place.NumDelivered, 10),
		"Samspel-Group":    c.group,
		"Samspel-Stream":   d.place.Stream,
		"Samspel-Sequence": sequence,
		"Samspel-Subject":  d.raw.Subject(),
	} {
		header[name] = []string{value}
	}
	letter := &nats.Msg{
		Subject: wire.DeadLetterSubject(c.broker.prefix, c.group, c.topic), Header: header, Data: d.raw.Data(),
	}
	return c.broker.store(ctx, letter, c.broker.ensureDeadLetterStream)
}

// readable is one line of printable ASCII with its spaces, as an error is for people to read.
func readable(cause error) string {
	text := []rune(cause.Error())
	words := strings.Fields(string(text[:min(len(text), maxErrorCharacters)]))
	for i, word := range words {
		words[i] = wire.EncodeValue(word)
	}
	return strings.Join(words, " ")
}
