package samspel

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	scenariov1 "github.com/samspel/samspel/interop/go/scenario/gen/samspel/scenario/v1"
)

// given is a message that the broker delivers; it keeps what it was answered.
type given struct {
	jetstream.Msg
	attempt uint64
	body    []byte
	header  nats.Header
	answers []string
	delay   time.Duration
}

func (g *given) Metadata() (*jetstream.MsgMetadata, error) {
	return &jetstream.MsgMetadata{
		Stream: "cart_v1_CartTopics_CheckedOut", Sequence: jetstream.SequencePair{Stream: 42}, NumDelivered: g.attempt,
	}, nil
}
func (g *given) Data() []byte         { return g.body }
func (g *given) Headers() nats.Header { return g.header }
func (g *given) Subject() string      { return "topic.cart.v1.CartTopics.CheckedOut.4" }
func (g *given) Ack() error           { return g.answer("ack") }
func (g *given) Term() error          { return g.answer("term") }
func (g *given) InProgress() error    { return nil }
func (g *given) NakWithDelay(d time.Duration) error {
	g.delay = d
	return g.answer("nak")
}

func (g *given) answer(what string) error {
	g.answers = append(g.answers, what)
	return nil
}

// store is a JetStream that takes what is published.
type store struct {
	jetstream.JetStream
	published []*nats.Msg
}

func (s *store) PublishMsg(_ context.Context, m *nats.Msg, _ ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	s.published = append(s.published, m)
	return &jetstream.PubAck{}, nil
}

func consuming(handle func(context.Context, *delivery) error) (*consumer, *store) {
	js := &store{}
	ctx := context.Background()
	return &consumer{
		broker: &Broker{js: js, log: quiet}, log: quiet, group: "shipping", topic: "cart.v1.CartTopics.CheckedOut", attempts: 8,
		handle: handle, isFinal: isFinalAnswer,
		given:    func(context.Context, *delivery, error, bool) error { return nil },
		stopping: ctx, working: ctx,
	}, js
}

func TestAMessageIsAckedAfterItsHandlerReturned(t *testing.T) {
	g := &given{attempt: 1}
	c, _ := consuming(func(context.Context, *delivery) error {
		if len(g.answers) > 0 {
			t.Error("it was answered before")
		}
		return nil
	})
	c.settle(g)
	if len(g.answers) != 1 || g.answers[0] != "ack" {
		t.Errorf("%v", g.answers)
	}
}

func TestAFailedMessageComesAgainAfterABackoff(t *testing.T) {
	for name, handle := range map[string]func(context.Context, *delivery) error{
		"an error": func(context.Context, *delivery) error { return errors.New("no luck") },
		"a panic":  func(context.Context, *delivery) error { panic("no luck") },
	} {
		g := &given{attempt: 7}
		c, js := consuming(handle)
		c.settle(g)
		if len(g.answers) != 1 || g.answers[0] != "nak" || g.delay < 2500*time.Millisecond || g.delay > 5*time.Second || len(js.published) > 0 {
			t.Errorf("%s: %v after %v", name, g.answers, g.delay)
		}
	}
}

func TestWhatIsUnavailableIsWaitedForAndIsNoAttempt(t *testing.T) {
	g := &given{attempt: 8}
	calls := 0
	c, js := consuming(func(context.Context, *delivery) error {
		calls++
		switch calls {
		case 1:
			return Unavailable("the database is away", nil)
		case 2:
			return status.Error(codes.Unavailable, "who was called is away")
		default:
			return nil
		}
	})
	c.settle(g)
	if len(g.answers) != 1 || g.answers[0] != "ack" || len(js.published) > 0 {
		t.Errorf("%v, %d dead letters", g.answers, len(js.published))
	}
}

func TestWhatCannotSucceedIsParkedAtOnce(t *testing.T) {
	for name, err := range map[string]error{
		"undecodable": undecodable{errors.New("garbage")},
		"rejected":    Reject(codes.FailedPrecondition, "no"),
	} {
		g := &given{attempt: 1}
		c, js := consuming(func(context.Context, *delivery) error { return err })
		c.settle(g)
		if len(g.answers) != 1 || g.answers[0] != "term" || len(js.published) != 1 {
			t.Errorf("%s: %v, %d dead letters", name, g.answers, len(js.published))
		}
	}
}

func TestADeadLetterIsThatOfEveryLanguage(t *testing.T) {
	var file struct {
		Message    map[string]string
		DeadLetter struct {
			Error   string
			Headers map[string]string
		}
	}
	readVectors(t, "headers.json", &file)
	g := &given{attempt: 8, header: nats.Header{}, body: []byte("body")}
	for name, value := range file.Message {
		g.header[name] = []string{value}
	}
	g.header["Nats-Expected-Stream"] = []string{"other"}
	c, js := consuming(func(context.Context, *delivery) error { return errors.New(file.DeadLetter.Error) })
	c.settle(g)
	if len(js.published) != 1 {
		t.Fatalf("%d dead letters", len(js.published))
	}
	letter := js.published[0]
	found := map[string]string{}
	for name, values := range letter.Header {
		found[name] = strings.Join(values, ",")
	}
	if !maps.Equal(found, file.DeadLetter.Headers) {
		a, _ := json.MarshalIndent(found, "", " ")
		t.Errorf("%s", a)
	}
	if letter.Subject != "dead.shipping.cart.v1.CartTopics.CheckedOut" || string(letter.Data) != "body" {
		t.Errorf("%s: %s", letter.Subject, letter.Data)
	}
}

func TestPublishedHeadersAreThoseOfEveryLanguage(t *testing.T) {
	var file struct {
		Event struct {
			Service, ID, Key string
			Headers          map[string]string
		}
	}
	readVectors(t, "headers.json", &file)
	js := &store{}
	b := &Broker{js: js, log: quiet, source: file.Event.Service}
	var topic Topic[*scenariov1.HappenedEvent] = NewTopic[*scenariov1.HappenedEvent](scenariov1.ScenarioTopics_Happened_FullMethodName)
	options := []SendOption{WithID(file.Event.ID)}
	for name, value := range file.Event.Headers {
		options = append(options, WithHeader(name, value))
	}
	event := &scenariov1.HappenedEvent{Key: file.Event.Key, Number: 1}
	if err := Publish(context.Background(), b, topic, event, options...); err != nil {
		t.Fatal(err)
	}
	sent := js.published[0]
	if _, err := time.Parse(time.RFC3339, sent.Header["ce-time"][0]); err != nil {
		t.Error(err)
	}
	delete(sent.Header, "ce-time")
	found := map[string]string{}
	for name, values := range sent.Header {
		found[name] = values[0]
	}
	var expected struct{ Message map[string]string }
	readVectors(t, "headers.json", &expected)
	delete(expected.Message, "ce-time")
	expected.Message["ce-type"] = "samspel.scenario.v1.HappenedEvent"
	if !maps.Equal(found, expected.Message) {
		t.Errorf("%v, not %v", found, expected.Message)
	}
	body := &scenariov1.HappenedEvent{}
	if err := proto.Unmarshal(sent.Data, body); err != nil || !proto.Equal(body, event) {
		t.Errorf("%v %v", body, err)
	}
}

func TestTopicsAndMethodsAreReadFromTheirDescriptors(t *testing.T) {
	topic, err := readTopic[*scenariov1.HappenedEvent](scenariov1.ScenarioTopics_Happened_FullMethodName)
	if err != nil || topic.Name() != "samspel.scenario.v1.ScenarioTopics.Happened" || topic.Partitions() != 4 {
		t.Errorf("%+v %v", topic, err)
	}
	if _, err := readTopic[*scenariov1.EchoRequest](scenariov1.ScenarioTopics_Happened_FullMethodName); err == nil {
		t.Error("a topic of other messages was taken")
	}
	if _, err := readTopic[*scenariov1.CountResponse](scenariov1.ScenarioService_Count_FullMethodName); err == nil ||
		!strings.Contains(err.Error(), "has no option") {
		t.Errorf("a method that is no topic: %v", err)
	}
	if _, err := readMethod[*scenariov1.SumRequest, *scenariov1.SumResponse](scenariov1.ScenarioService_Sum_FullMethodName); err == nil ||
		!strings.Contains(err.Error(), "streams") {
		t.Errorf("a method that streams: %v", err)
	}
	if _, err := readMethod[*scenariov1.RunRequest, *scenariov1.RunResponse](scenariov1.ScenarioDriver_Run_FullMethodName); err == nil ||
		!strings.Contains(err.Error(), "carried out twice") {
		t.Errorf("a method that is not idempotent: %v", err)
	}
}
