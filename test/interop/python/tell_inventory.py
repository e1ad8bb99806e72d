"""Tells an InventoryService to reserve, as a service in Python would, and prints what came of it as JSON."""

import asyncio
import json
import os
import sys

from inventory.v1 import inventory_api_pb2 as api
from samspel import Settings, Teller, TellFailed
from samspel.broker import Broker

RESERVE = api.DESCRIPTOR.services_by_name["InventoryService"].methods_by_name["Reserve"]


async def main(cart_id: str, sku: str, key: str) -> None:
    settings = Settings("teller", os.environ)
    broker = Broker(settings)
    teller = Teller(broker, settings.topic_prefix, settings.service)
    receipt = await teller.tell(
        RESERVE,
        api.ReserveRequest(cart_id=cart_id, items={sku: 1}),
        idempotency_key=key,
        headers={"x-tenant": "grün"},
    )
    try:
        await receipt.reply(60)
        outcome = {"reply": True}
    except TellFailed as failed:
        metadata = dict(failed.detail.metadata) if failed.detail else {}
        outcome = {
            "code": failed.code.name,
            "message": failed.message,
            "rejected": failed.rejected,
            "metadata": metadata,
        }
    print(json.dumps({"id": receipt.id, "token": receipt.token, **outcome}))
    await broker.close()


asyncio.run(main(*sys.argv[1:]))
