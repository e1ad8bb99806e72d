"""The methods of ScenarioService; `interop/proto` says what each must do."""

from __future__ import annotations

import asyncio
import itertools
import os
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import grpc
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from samspel import Inbox, Rejection, command_id, current_call
from scenario.gen import scenario_pb2 as api
from scenario.gen.scenario_pb2_grpc import ScenarioServiceServicer


class ScenarioServicer(ScenarioServiceServicer):
    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], inbox: Inbox, service: str) -> None:
        self._pool = pool
        self._inbox = inbox
        instance = os.environ.get("SCENARIO_INSTANCE")
        self._served_by = f"{service}/{instance}" if instance else service
        self._waits: dict[str, api.WaitEnd] = {}

    async def Echo(self, request: api.EchoRequest, context: Any) -> api.EchoResponse:
        return api.EchoResponse(text=request.text, served_by=self._served_by)

    async def Count(self, request: api.CountRequest, context: Any) -> AsyncIterator[api.CountResponse]:
        for number in range(1, request.to + 1) if request.to else itertools.count(1):
            if number > 1 and request.pause_ms:
                await asyncio.sleep(request.pause_ms / 1000)
            yield api.CountResponse(number=number)

    async def Sum(self, request_iterator: AsyncIterator[api.SumRequest], context: Any) -> api.SumResponse:
        numbers = [request.number async for request in request_iterator]
        return api.SumResponse(sum=sum(numbers), count=len(numbers))

    async def Chat(
        self, request_iterator: AsyncIterator[api.ChatRequest], context: Any
    ) -> AsyncIterator[api.ChatResponse]:
        async for request in request_iterator:
            yield api.ChatResponse(text=request.text.upper())

    async def Fail(self, request: api.FailRequest, context: Any) -> api.FailResponse:
        if request.crash:
            raise RuntimeError(request.message)
        code = next(code for code in grpc.StatusCode if code.value[0] == request.code)
        raise Rejection(
            code,
            request.message,
            dict(request.metadata),
            reason=request.reason,
            retryable=request.retryable,
        )

    async def Wait(self, request: api.WaitRequest, context: Any) -> api.WaitResponse:
        call = current_call()
        left = None if call is None else call.seconds_left
        self._waits[request.id] = api.WAIT_END_WAITING
        try:
            await asyncio.sleep(request.ms / 1000)
        except asyncio.CancelledError:
            self._waits[request.id] = api.WAIT_END_CANCELLED
            raise
        self._waits[request.id] = api.WAIT_END_FINISHED
        return api.WaitResponse(deadline_left_ms=0 if left is None else int(left * 1000))

    async def Waited(self, request: api.WaitedRequest, context: Any) -> api.WaitedResponse:
        return api.WaitedResponse(end=self._waits.get(request.id, api.WAIT_END_UNSPECIFIED))

    async def Metadata(self, request: api.MetadataRequest, context: Any) -> api.MetadataResponse:
        await context.send_initial_metadata((("x-scenario-header", request.header),))
        context.set_trailing_metadata((("x-scenario-trailer", request.trailer),))
        return api.MetadataResponse(
            entries={name: _text(value) for name, value in context.invocation_metadata() or ()}
        )

    async def Note(self, request: api.NoteRequest, context: Any) -> api.NoteResponse:
        if request.key == "reject":
            raise Rejection(
                grpc.StatusCode.FAILED_PRECONDITION, "this key is refused", reason="SCENARIO_REJECTED"
            )
        headers = {name: _text(value) for name, value in context.invocation_metadata() or ()}
        async with self._inbox.command() as (connection, first):
            if first:
                await connection.execute(
                    "insert into note (key, text, command_id, tenant, traceparent) values (%s, %s, %s, %s, %s)",
                    [
                        request.key,
                        request.text,
                        command_id(context) or "",
                        headers.get("x-tenant", ""),
                        headers.get("traceparent", ""),
                    ],
                )
            counted = await connection.execute("select count(*) from note where key = %s", [request.key])
            row = await counted.fetchone()
        return api.NoteResponse(count=0 if row is None else row[0])

    async def Notes(self, request: api.NotesRequest, context: Any) -> api.NotesResponse:
        async with self._pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(
                "select text, command_id, tenant, traceparent from note where key = %s order by at",
                [request.key],
            )
            return api.NotesResponse(notes=[api.NoteTaken(**row) for row in await cursor.fetchall()])

    async def Consumed(self, request: api.ConsumedRequest, context: Any) -> api.ConsumedResponse:
        async with self._pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(
                "select id, key, number, tenant, traceparent, source from consumed order by at"
            )
            rows = await cursor.fetchall()
        return api.ConsumedResponse(
            events=[
                api.ConsumedEvent(
                    event=api.HappenedEvent(key=row.pop("key"), number=row.pop("number")), **row
                )
                for row in rows
            ]
        )

    async def Caller(self, request: api.CallerRequest, context: Any) -> api.CallerResponse:
        call = current_call()
        if call is None or call.caller is None:
            return api.CallerResponse()
        return api.CallerResponse(spiffe_id=call.caller.spiffe_id, service=call.caller.service)


def _text(value: Any) -> str:
    """A metadata value; bytes in base64 without padding."""
    return value if isinstance(value, str) else b64encode(value).decode().rstrip("=")
