"""What is published and told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import grpc

from samspel import TellFailed
from samspel import topic as topic_of
from scenario.gen import scenario_pb2 as api
from scenario.world import SERVICE, World, same

HAPPENED = topic_of(api.DESCRIPTOR, "ScenarioTopics.Happened", api.HappenedEvent)
NOTE = SERVICE.methods_by_name["Note"]
HEADERS = {"x-tenant": "grün"}


async def topic(world: World, parameters: Mapping[str, str]) -> None:
    publisher = world.service.publisher
    publishing = []
    for number in range(1, 11):
        for key in (f"k-{at}" for at in range(20)):
            event = api.HappenedEvent(key=key, number=number)
            message_id = f"{parameters['run']}/{key}/{number}"
            publishing += [
                publisher.publish(HAPPENED, event, id=message_id, headers=HEADERS) for _ in range(2)
            ]
    same("all are published", len(await asyncio.gather(*publishing)), 400)


async def tell(world: World, parameters: Mapping[str, str]) -> None:
    request = api.NoteRequest(key=parameters["key"], text="told")
    receipts = [
        await world.service.teller.tell(NOTE, request, idempotency_key=parameters["id"], headers=HEADERS)
        for _ in range(2)
    ]
    for receipt in receipts:
        same("count", (await receipt.reply(15)).count, 1)


async def tell_rejected(world: World, parameters: Mapping[str, str]) -> None:
    request = api.NoteRequest(key="reject", text="told")
    receipt = await world.service.teller.tell(NOTE, request, idempotency_key=parameters["id"])
    try:
        answer = await receipt.reply(5)
    except TellFailed as failed:
        same("code", failed.code, grpc.StatusCode.FAILED_PRECONDITION)
        same("reason", failed.detail and failed.detail.code, "SCENARIO_REJECTED")
        return
    raise AssertionError(f"the tell was answered: {answer!r:.300}")
