package samspel

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	samspelv1 "github.com/samspel/samspel/interop/go/gen/samspel/v1"
)

// findMethod finds a method by what generated code calls its FullMethodName: "/cart.v1.CartService/Checkout".
func findMethod(fullMethod string) (protoreflect.MethodDescriptor, error) {
	service, method, ok := strings.Cut(strings.TrimPrefix(fullMethod, "/"), "/")
	if !ok {
		return nil, fmt.Errorf("%q is no method: it must be like /cart.v1.CartService/Checkout", fullMethod)
	}
	found, err := findService(service)
	if err != nil {
		return nil, err
	}
	descriptor := found.Methods().ByName(protoreflect.Name(method))
	if descriptor == nil {
		return nil, fmt.Errorf("%s has no method %s", service, method)
	}
	return descriptor, nil
}

func findService(name string) (protoreflect.ServiceDescriptor, error) {
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil, fmt.Errorf("no descriptor of %s is linked into this program: %w", name, err)
	}
	service, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s is no service", name)
	}
	return service, nil
}

// keyField is the field that carries (samspel.v1.key); nil where there is none.
func keyField(message protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	fields := message.Fields()
	for i := range fields.Len() {
		if marked, _ := proto.GetExtension(fields.Get(i).Options(), samspelv1.E_Key).(bool); marked {
			return fields.Get(i)
		}
	}
	return nil
}

// keyOf is the key of a message; "" where it has none.
func keyOf(message proto.Message) string {
	reflected := message.ProtoReflect()
	field := keyField(reflected.Descriptor())
	if field == nil || field.Kind() != protoreflect.StringKind || field.IsList() {
		return ""
	}
	return reflected.Get(field).String()
}

// isIdempotent says whether a method may be carried out twice.
func isIdempotent(method protoreflect.MethodDescriptor) bool {
	options, _ := method.Options().(*descriptorpb.MethodOptions)
	switch options.GetIdempotencyLevel() {
	case descriptorpb.MethodOptions_NO_SIDE_EFFECTS, descriptorpb.MethodOptions_IDEMPOTENT:
		return true
	default:
		return false
	}
}

// requireTellable refuses a method that a tell might carry out twice.
func requireTellable(method protoreflect.MethodDescriptor) error {
	if method.IsStreamingClient() || method.IsStreamingServer() {
		return fmt.Errorf("cannot tell %s as it streams: a tell is a unary method", method.FullName())
	}
	deduplicated, _ := proto.GetExtension(method.Options(), samspelv1.E_Deduplicated).(bool)
	if deduplicated || isIdempotent(method) {
		return nil
	}
	return fmt.Errorf("cannot tell %s as it might be carried out twice: mark it IDEMPOTENT, or "+
		"(samspel.v1.deduplicated) where its handler de-duplicates by command id", method.FullName())
}

// allowRules are the calling services that methods allow, by the methods' full names.
func allowRules(protoServices []string) map[string][]string {
	rules := map[string][]string{}
	for _, name := range protoServices {
		service, err := findService(name)
		if err != nil {
			continue // one without a descriptor, of which nothing is known
		}
		for i := range service.Methods().Len() {
			method := service.Methods().Get(i)
			if proto.HasExtension(method.Options(), samspelv1.E_Allow) {
				allow, _ := proto.GetExtension(method.Options(), samspelv1.E_Allow).(*samspelv1.AllowOptions)
				rules["/"+name+"/"+string(method.Name())] = allow.GetServices()
			}
		}
	}
	return rules
}
