package samspel

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	samspelv1 "github.com/samspel/samspel/interop/go/gen/samspel/v1"
	"github.com/samspel/samspel/interop/go/internal/wire"
)

// Topic is a durable topic of messages of one type: a JetStream stream with a subject for each partition.
type Topic[T proto.Message] struct {
	name       string
	partitions int
}

// NewTopic reads a topic from the method that declares it, by what the generated code calls the method's
// FullMethodName:
//
//	var checkedOut = samspel.NewTopic[*cartv1.CartCheckedOut](cartv1.CartTopics_CheckedOut_FullMethodName)
//
// It panics where that is no topic of such messages, as regexp.MustCompile does: it is a mistake of the program.
func NewTopic[T proto.Message](fullMethodName string) Topic[T] {
	topic, err := readTopic[T](fullMethodName)
	if err != nil {
		panic("samspel: " + err.Error())
	}
	return topic
}

func readTopic[T proto.Message](fullMethodName string) (Topic[T], error) {
	var none Topic[T]
	method, err := findMethod(fullMethodName)
	if err != nil {
		return none, err
	}
	message := newMessage[T]().ProtoReflect().Descriptor()
	if message.FullName() != method.Output().FullName() {
		return none, fmt.Errorf("cannot read %s as %s: it returns %s", method.FullName(), message.FullName(), method.Output().FullName())
	}
	options, _ := proto.GetExtension(method.Options(), samspelv1.E_Topic).(*samspelv1.TopicOptions)
	if options == nil {
		return none, fmt.Errorf("%s is no topic: it has no option (samspel.v1.topic)", method.FullName())
	}
	if options.GetLive() {
		return none, fmt.Errorf("%s is a live topic, which nothing keeps: call its method instead", method.FullName())
	}
	if keyField(message) == nil {
		return none, fmt.Errorf("%s must have a field with option (samspel.v1.key)", message.FullName())
	}
	topic := Topic[T]{name: options.GetName(), partitions: int(options.GetPartitions())}
	if topic.name == "" {
		topic.name = string(method.FullName())
	}
	if topic.partitions == 0 {
		topic.partitions = wire.DefaultPartitions
	}
	return topic, nil
}

// Name is the topic's name, such as cart.v1.CartTopics.CheckedOut.
func (t Topic[T]) Name() string { return t.name }

// Partitions is how many the topic has: over so many instances a group spreads at the most.
func (t Topic[T]) Partitions() int { return t.partitions }

// newMessage makes an empty message of a generated type.
func newMessage[T proto.Message]() T {
	var none T
	message, ok := none.ProtoReflect().New().Interface().(T)
	if !ok {
		panic(fmt.Sprintf("samspel: %T is no generated message", none))
	}
	return message
}
