"""`python -m inventory`: the service, from here on until SIGTERM."""

import sys

from cart.v1 import cart_topics_pb2
from inventory.servicer import InventoryServicer
from inventory.v1 import inventory_api_pb2
from inventory.v1.inventory_api_pb2_grpc import add_InventoryServiceServicer_to_server
from inventory.warehouse import open_warehouse
from samspel import Message, Service, run_service, topic

CHECKED_OUT = topic(cart_topics_pb2.DESCRIPTOR, "CartTopics.CheckedOut", cart_topics_pb2.CartCheckedOut)


async def start(service: Service) -> None:
    warehouse = await service.enter(open_warehouse(service.settings))

    add_InventoryServiceServicer_to_server(InventoryServicer(warehouse), service.server)  # type: ignore[no-untyped-call]
    service.serve("inventory.v1.InventoryService")
    service.take_tells(
        inventory_api_pb2.DESCRIPTOR.services_by_name["InventoryService"], InventoryServicer(warehouse)
    )

    async def book(message: Message[cart_topics_pb2.CartCheckedOut]) -> None:
        await warehouse.book(message.id, message.body.cart_id, dict(message.body.items))

    service.subscribe(CHECKED_OUT, "inventory", book)


if __name__ == "__main__":
    sys.exit(run_service("inventory", start))
