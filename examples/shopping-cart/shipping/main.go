// Command shipping prepares a shipment for each cart that was checked out, and sends it on its way.
package main

import (
	"context"
	"os"

	samspel "github.com/samspel/samspel/interop/go"
	"github.com/samspel/samspel/interop/go/inbox"

	cartv1 "github.com/samspel/samspel/examples/shopping-cart/shipping/gen/cart/v1"
	shippingv1 "github.com/samspel/samspel/examples/shopping-cart/shipping/gen/shipping/v1"
)

var (
	checkedOut = samspel.NewTopic[*cartv1.CartCheckedOut](cartv1.CartTopics_CheckedOut_FullMethodName)
	dispatched = samspel.NewTopic[*shippingv1.ShipmentDispatched](shippingv1.ShippingTopics_Dispatched_FullMethodName)
)

func main() {
	os.Exit(samspel.Run("shipping", start))
}

func start(ctx context.Context, s *samspel.Service) error {
	box, err := inbox.Open(ctx, s)
	if err != nil {
		return err
	}
	if err := createTables(ctx, box.Pool()); err != nil {
		return err
	}
	broker, err := s.Broker(ctx)
	if err != nil {
		return err
	}
	changes := watchChanges(ctx, box.Pool(), s.Log())
	announcer := announceDispatched(ctx, box.Pool(), broker, s.Log())

	shippingv1.RegisterShippingServiceServer(s, &server{ctx: ctx, box: box, changes: changes, announcer: announcer})
	s.TakeTells(&shippingv1.ShippingService_ServiceDesc)
	samspel.Subscribe(s, checkedOut, "shipping", inbox.Handle(box, prepare))
	return nil
}
