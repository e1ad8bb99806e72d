"""The inbox: what was done is noted in the transaction that did it, so that a message counts once (T2).

1. A note is `(subscription, message id)`. It is written first; where it is there already, the work is done.
2. The note and the work are one transaction: both are there, or neither.
3. A database that is away is `Unavailable`: no fault of the message, and no attempt of it.
4. Notes older than 7 days are deleted now and then.

It needs psycopg 3 with its pool: `pip install samspel[postgres]`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from samspel.command import current_command
from samspel.errors import Unavailable

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool

log = logging.getLogger(__name__)

_PRUNE_SECONDS = 3600.0

_TABLE = """
create table if not exists samspel_inbox (
  subscription text,
  message_id text,
  received_at timestamptz not null default now(),
  primary key (subscription, message_id)
)
"""


class Noted(NamedTuple):
    """A transaction in which something is done once."""

    connection: AsyncConnection[Any]
    #: False where it was done already.
    first: bool


async def create_inbox(connection: AsyncConnection[Any]) -> None:
    """Creates the table where it is missing, in the first schema of the connection's search path."""
    await connection.execute("select pg_advisory_xact_lock(hashtext('samspel_inbox'))")
    await connection.execute(_TABLE)


class Inbox:
    """The table `samspel_inbox` in the schema that the pool's connections search first."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self._pool = pool
        self._prune_at = 0.0

    async def create(self) -> None:
        """Creates the table where it is missing.

        :raises Unavailable: where the database is away
        """
        async with self._connection() as connection:
            await create_inbox(connection)

    @asynccontextmanager
    async def once(self, subscription: str, message_id: str) -> AsyncIterator[Noted]:
        """A transaction that is committed at the end of the body, with the note; rolled back where it raises.

        :param subscription: `<group>/<topic>`
        :raises Unavailable: where the database is away
        """
        async with self._connection() as connection:
            noted = await connection.execute(
                "insert into samspel_inbox (subscription, message_id) values (%s, %s) on conflict do nothing",
                [subscription, message_id],
            )
            yield Noted(connection, noted.rowcount == 1)
        await self._prune()

    @asynccontextmanager
    async def command(self) -> AsyncIterator[Noted]:
        """A transaction for the command that is being handled: a tell, or a call with a command id.

        The same command again finds `first` false. What has no command id is noted nowhere, and always the first.
        """
        command = current_command()
        if command is None:
            async with self._connection() as connection:
                yield Noted(connection, True)
        else:
            async with self.once(command.subscription, command.message_id) as noted:
                yield noted

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        from psycopg import InterfaceError, OperationalError
        from psycopg_pool import PoolTimeout

        try:
            async with self._pool.connection() as connection:
                yield connection
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise Unavailable("the database of the inbox does not answer") from error

    async def _prune(self) -> None:
        if time.monotonic() < self._prune_at:
            return
        self._prune_at = time.monotonic() + _PRUNE_SECONDS
        try:
            async with self._connection() as connection:
                await connection.execute(
                    "delete from samspel_inbox where received_at < now() - interval '7 days'"
                )
        except Unavailable as error:
            log.debug("old notes not deleted", extra={"reason": str(error.__cause__)})
