"""The warehouse's API: checks requests, and says no so that callers can read why."""

from __future__ import annotations

from typing import Any, NoReturn

import grpc

from inventory.v1 import inventory_api_pb2 as api
from inventory.v1.inventory_api_pb2_grpc import InventoryServiceServicer
from inventory.warehouse import ShortItems, UnknownItems, Warehouse
from samspel import Rejection


class InventoryServicer(InventoryServiceServicer):
    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    async def Reserve(
        self, request: api.ReserveRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> api.ReserveResponse:
        items = dict(request.items)
        _require_cart(request.cart_id)
        for sku, quantity in sorted(items.items()):
            if quantity <= 0:
                raise Rejection(
                    grpc.StatusCode.INVALID_ARGUMENT,
                    f'Cannot reserve "{sku}" as its quantity must be > 0: current value is {quantity}',
                    {"field": "items", "sku": sku},
                    reason="SAMSPEL_INVALID_REQUEST",
                )
        try:
            await self._warehouse.reserve(request.cart_id, items)
        except UnknownItems as error:
            _refuse_unknown(error)
        except ShortItems as error:
            wanted = [
                f"{sku} (wanted {items[sku]}, available {free})" for sku, free in error.available.items()
            ]
            raise Rejection(
                grpc.StatusCode.FAILED_PRECONDITION,
                f'Cannot reserve for cart "{request.cart_id}" as items are short: {", ".join(wanted)}',
                {
                    "short": ",".join(error.available),
                    **{f"available.{sku}": str(free) for sku, free in error.available.items()},
                },
            ) from None
        return api.ReserveResponse()

    async def GetStock(
        self, request: api.GetStockRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> api.GetStockResponse:
        try:
            stock = await self._warehouse.stock(request.skus)
        except UnknownItems as error:
            _refuse_unknown(error)
        return api.GetStockResponse(
            stock={
                sku: api.Stock(on_hand=item.on_hand, reserved=item.reserved, sold=item.sold)
                for sku, item in stock.items()
            }
        )

    async def GetOrder(
        self, request: api.GetOrderRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> api.GetOrderResponse:
        _require_cart(request.cart_id)
        order = await self._warehouse.order(request.cart_id)
        if order is None:
            raise Rejection(grpc.StatusCode.NOT_FOUND, f'No order of cart "{request.cart_id}" has arrived')
        return api.GetOrderResponse(items=order.items, deliveries=order.deliveries)


def _require_cart(cart_id: str) -> None:
    if not cart_id:
        raise Rejection(
            grpc.StatusCode.INVALID_ARGUMENT,
            "cart_id must not be empty",
            {"field": "cart_id"},
            reason="SAMSPEL_INVALID_REQUEST",
        )


def _refuse_unknown(error: UnknownItems) -> NoReturn:
    raise Rejection(
        grpc.StatusCode.NOT_FOUND,
        f"Unknown items: {', '.join(error.skus)}",
        {"unknown": ",".join(error.skus)},
    ) from None
