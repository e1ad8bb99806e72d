package samspel

import (
	"fmt"

	"google.golang.org/protobuf/proto"
)

// Method is a method of another service that may be told: its request and response types.
type Method[Request, Response proto.Message] struct {
	service string
	name    string
	input   string
}

// NewMethod reads a method, by what the generated code calls its FullMethodName:
//
//	var dispatch = samspel.NewMethod[*shippingv1.DispatchRequest, *shippingv1.DispatchResponse](
//		shippingv1.ShippingService_Dispatch_FullMethodName)
//
// It panics where there is no such method, or where it may not be told: that is, where it streams, or is neither
// IDEMPOTENT, NO_SIDE_EFFECTS nor (samspel.v1.deduplicated). It is a mistake of the program.
func NewMethod[Request, Response proto.Message](fullMethodName string) Method[Request, Response] {
	method, err := readMethod[Request, Response](fullMethodName)
	if err != nil {
		panic("samspel: " + err.Error())
	}
	return method
}

func readMethod[Request, Response proto.Message](fullMethodName string) (Method[Request, Response], error) {
	var none Method[Request, Response]
	found, err := findMethod(fullMethodName)
	if err != nil {
		return none, err
	}
	if err := requireTellable(found); err != nil {
		return none, err
	}
	request, response := newMessage[Request]().ProtoReflect().Descriptor(), newMessage[Response]().ProtoReflect().Descriptor()
	if request.FullName() != found.Input().FullName() || response.FullName() != found.Output().FullName() {
		return none, fmt.Errorf("%s takes %s and returns %s: it is not a method of %s and %s",
			found.FullName(), found.Input().FullName(), found.Output().FullName(), request.FullName(), response.FullName())
	}
	return Method[Request, Response]{
		service: string(found.Parent().FullName()), name: string(found.Name()), input: string(found.Input().FullName()),
	}, nil
}
