"""What is called: ScenarioService, with what it is told and what it consumes."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from samspel import Inbox, Message, Service, topic
from scenario.gen import scenario_pb2 as api
from scenario.gen.scenario_pb2_grpc import add_ScenarioServiceServicer_to_server
from scenario.servicer import ScenarioServicer
from scenario.tables import create_tables

HAPPENED = topic(api.DESCRIPTOR, "ScenarioTopics.Happened", api.HappenedEvent)


async def consume(message: Message[api.HappenedEvent], connection: AsyncConnection[Any]) -> None:
    """Keeps what happened, in the transaction of the inbox."""
    event = message.body
    if event.poison:
        raise ValueError(f"{event.key}/{event.number} is poison")
    header = message.headers.get
    await connection.execute(
        "insert into consumed (id, key, number, tenant, traceparent, source) values (%s, %s, %s, %s, %s, %s)",
        [
            message.id,
            event.key,
            event.number,
            header("x-tenant", ""),
            header("traceparent", ""),
            header("ce-source", ""),
        ],
    )


async def serve(service: Service) -> None:
    settings = service.settings
    schema = await create_tables(settings.database_url, settings.schema)
    pool = AsyncConnectionPool[AsyncConnection[Any]](
        settings.database_url,
        kwargs={"options": f"-c search_path={schema}"},
        check=AsyncConnectionPool.check_connection,
        open=False,
    )
    await service.enter(pool)
    inbox = Inbox(pool)
    await inbox.create()

    servicer = ScenarioServicer(pool, inbox, "scenario-python")
    add_ScenarioServiceServicer_to_server(servicer, service.server)  # type: ignore[no-untyped-call]
    declared = api.DESCRIPTOR.services_by_name["ScenarioService"]
    service.serve(declared.full_name)
    service.take_tells(declared, servicer)
    service.subscribe(HAPPENED, "scenario", consume, inbox=inbox, attempts=3)
