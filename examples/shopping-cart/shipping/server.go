package main

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	samspel "github.com/samspel/samspel/interop/go"
	"github.com/samspel/samspel/interop/go/inbox"

	shippingv1 "github.com/samspel/samspel/examples/shopping-cart/shipping/gen/shipping/v1"
)

// server answers calls and tells.
type server struct {
	shippingv1.UnimplementedShippingServiceServer
	// ctx ends when the service stops.
	ctx       context.Context
	box       *inbox.Inbox
	changes   *changes
	announcer *announcer
}

func (s *server) GetShipment(
	ctx context.Context, request *shippingv1.GetShipmentRequest,
) (*shippingv1.GetShipmentResponse, error) {
	if err := requireCart(request.GetCartId()); err != nil {
		return nil, err
	}
	shipment, err := findShipment(ctx, s.box.Pool(), request.GetCartId())
	if errors.Is(err, errNoShipment) {
		return nil, samspel.Rejectf(codes.NotFound, "there is no shipment of cart %s", request.GetCartId())
	}
	if err != nil {
		return nil, inbox.Available(ctx, err)
	}
	return &shippingv1.GetShipmentResponse{Shipment: shipment}, nil
}

func (s *server) TrackShipment(
	request *shippingv1.TrackShipmentRequest, stream grpc.ServerStreamingServer[shippingv1.TrackShipmentResponse],
) error {
	if err := requireCart(request.GetCartId()); err != nil {
		return err
	}
	changed, forget := s.changes.of(request.GetCartId())
	defer forget()
	var sent *shippingv1.Shipment
	for {
		shipment, err := findShipment(stream.Context(), s.box.Pool(), request.GetCartId())
		if err != nil && !errors.Is(err, errNoShipment) {
			return inbox.Available(stream.Context(), err)
		}
		if err == nil && !proto.Equal(shipment, sent) {
			if err := stream.Send(&shippingv1.TrackShipmentResponse{Shipment: shipment}); err != nil {
				return err
			}
			sent = shipment
		}
		if sent.GetStatus() == shippingv1.ShipmentStatus_SHIPMENT_STATUS_DISPATCHED {
			return nil
		}
		select {
		case <-changed:
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-s.ctx.Done():
			return samspel.Reject(codes.Unavailable, "this instance stops: track it with another").Retryable(0)
		}
	}
}

func (s *server) Dispatch(
	ctx context.Context, request *shippingv1.DispatchRequest,
) (*shippingv1.DispatchResponse, error) {
	if err := requireCart(request.GetCartId()); err != nil {
		return nil, err
	}
	response := &shippingv1.DispatchResponse{}
	// A second time changes nothing, so it does not matter whether this is one.
	err := s.box.Command(ctx, func(tx pgx.Tx, _ bool) (err error) {
		response.Shipment, err = dispatch(ctx, tx, request.GetCartId())
		return err
	})
	if errors.Is(err, errNoShipment) {
		return nil, samspel.Rejectf(codes.FailedPrecondition, "there is no shipment of cart %s to dispatch", request.GetCartId())
	}
	if err != nil {
		return nil, err
	}
	s.announcer.wake()
	return response, nil
}

func requireCart(id string) error {
	if id == "" {
		return samspel.Reject(codes.InvalidArgument, "cart_id must not be empty").
			WithReason("SAMSPEL_INVALID_REQUEST").With("field", "cart_id")
	}
	return nil
}
