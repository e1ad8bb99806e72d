"""Stock, reservations and orders in Postgres.

1. Whoever changes a cart's reservation or books its order takes first the cart's lock, then the rows of all stock
   it touches, by stock keeping unit: so nothing deadlocks, and nothing of a locked item changes under it.
2. What is free of an item is what lies there less the reservations of others that have not expired. It is read in
   a statement after the locks, or it would be from before the wait for them.
3. An order, its stock and the note of its message in the inbox are one transaction: booked once, however often
   the message comes.
4. What needs no answer in between goes to the database in one round trip (a pipeline); each statement still sees
   what was committed before it began.
5. Time is the database's, so that instances agree on what has expired.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Optional

import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from inventory.schema import create_schema
from samspel import ConfigurationError, Inbox, Settings, Unavailable, redact_url

#: Under what the inbox notes booked messages: the group, and the topic.
SUBSCRIPTION = "inventory/cart.v1.CartTopics.CheckedOut"

_COUNT = "update orders set deliveries = deliveries + 1 where cart_id = %s"
_RESERVATION_SECONDS = 300
_CONNECT_SECONDS = 10
_POOL_WAIT_SECONDS = 3
_MAX_CONNECTIONS = 8

Items = Mapping[str, int]


class UnknownItems(Exception):
    """Names stock keeping units that the warehouse does not have."""

    def __init__(self, skus: Collection[str]) -> None:
        super().__init__(f"unknown items: {', '.join(sorted(skus))}")
        self.skus = sorted(skus)


class ShortItems(Exception):
    """Says how much is free of each item that does not suffice."""

    def __init__(self, available: Items) -> None:
        super().__init__(f"short items: {', '.join(available)}")
        self.available = available


@dataclass(frozen=True)
class Stock:
    on_hand: int
    reserved: int
    sold: int


@dataclass(frozen=True)
class Order:
    items: Items
    deliveries: int


class Warehouse:
    """All that inventory knows. Its methods raise `Unavailable` while the database is away."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool
        self._inbox = Inbox(pool)

    async def reserve(self, cart_id: str, items: Items) -> None:
        """Sets stock aside for a cart for five minutes, all of it or none, in place of what was before.

        Without effect for a cart that is ordered already.

        :raises UnknownItems: where an item is not in the warehouse
        :raises ShortItems: where too little of an item is free
        """
        async with self._transaction() as connection:
            async with connection.pipeline():
                locked = await _lock(connection, cart_id, items)
                ordered = await connection.execute("select from orders where cart_id = %s", [cart_id])
                await connection.execute(
                    "delete from reservation "
                    "where cart_id = %s or (sku = any(%s) and expires_at <= clock_timestamp())",
                    [cart_id, list(items)],
                )
                reserved = await connection.execute(
                    "select sku, sum(quantity)::integer from reservation "
                    "where sku = any(%s) and expires_at > clock_timestamp() group by sku",
                    [list(items)],
                )
            if await ordered.fetchone() is not None:
                return
            on_hand: Items = dict(await locked.fetchall())
            unknown = items.keys() - on_hand.keys()
            if unknown:
                raise UnknownItems(unknown)
            taken: Items = dict(await reserved.fetchall())
            free = {sku: max(0, on_hand[sku] - taken.get(sku, 0)) for sku in sorted(items)}
            short = {sku: free[sku] for sku in free if free[sku] < items[sku]}
            if short:
                raise ShortItems(short)
            await connection.execute(
                "insert into reservation (cart_id, sku, quantity, expires_at) "
                "select %s, sku, quantity, clock_timestamp() + make_interval(secs => %s) "
                "from unnest(%s::text[], %s::integer[]) as item (sku, quantity)",
                [cart_id, _RESERVATION_SECONDS, list(items), list(items.values())],
            )

    async def book(self, message_id: str, cart_id: str, items: Items) -> None:
        """Makes an order of a checkout. The same message again, or the same cart, is only counted.

        The checkout is a fact: where its reservation had expired and the stock went to others, `on_hand` goes
        below zero, which is what the warehouse owes.

        :raises UnknownItems: where an item is not in the warehouse; such a checkout cannot be booked
        """
        async with self._inbox.once(SUBSCRIPTION, message_id) as (connection, first):
            if not first:
                await connection.execute(_COUNT, [cart_id])
                return
            async with connection.pipeline():
                locked = await _lock(connection, cart_id, items)
                booked = await connection.execute(
                    "insert into orders (cart_id, items) values (%s, %s) on conflict do nothing",
                    [cart_id, Jsonb(dict(items))],
                )
            if booked.rowcount == 0:
                await connection.execute(_COUNT, [cart_id])
                return
            unknown = items.keys() - dict(await locked.fetchall()).keys()
            if unknown:
                raise UnknownItems(unknown)
            async with connection.pipeline():
                await connection.execute(
                    "update stock set on_hand = on_hand - quantity, sold = sold + quantity "
                    "from unnest(%s::text[], %s::integer[]) as item (sku, quantity) where stock.sku = item.sku",
                    [list(items), list(items.values())],
                )
                await connection.execute("delete from reservation where cart_id = %s", [cart_id])

    async def stock(self, skus: Collection[str]) -> Mapping[str, Stock]:
        """The stock of items; of all where none is named.

        :raises UnknownItems: where an item is not in the warehouse
        """
        async with self._transaction() as connection:
            found = await connection.execute(
                "select sku, on_hand, sold, coalesce((select sum(quantity) from reservation "
                "  where reservation.sku = stock.sku and expires_at > clock_timestamp()), 0)::integer "
                "from stock where %s or sku = any(%s) order by sku",
                [not skus, list(skus)],
            )
            rows = await found.fetchall()
        stock = {sku: Stock(on_hand, reserved, sold) for sku, on_hand, sold, reserved in rows}
        unknown = set(skus) - stock.keys()
        if unknown:
            raise UnknownItems(unknown)
        return stock

    async def order(self, cart_id: str) -> Optional[Order]:
        """The order of a cart, with how often its checkout was delivered."""
        async with self._transaction() as connection:
            found = await connection.execute(
                "select items, deliveries from orders where cart_id = %s",
                [cart_id],
            )
            row = await found.fetchone()
        return None if row is None else Order(*row)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            raise Unavailable("the warehouse's database does not answer") from error


async def _lock(connection: AsyncConnection, cart_id: str, items: Items) -> AsyncCursor:
    """Locks a cart, and the stock of what it wants and has; gives what lies there of it."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('cart ' || %s, 0))", [cart_id])
    return await connection.execute(
        "select sku, on_hand from stock "
        "where sku = any(%s) or sku in (select sku from reservation where cart_id = %s) order by sku for update",
        [list(items), cart_id],
    )


@asynccontextmanager
async def open_warehouse(settings: Settings) -> AsyncIterator[Warehouse]:
    """Connects, creates the tables where they are missing, and closes all at the end.

    :raises ConfigurationError: where the database does not answer, or refuses
    """
    url, schema = settings.database_url, settings.schema
    try:
        async with await AsyncConnection.connect(url, connect_timeout=_CONNECT_SECONDS) as connection:
            await create_schema(connection, schema, SUBSCRIPTION)
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(
            f"Cannot start {settings.service} as the Postgres of DATABASE_URL {redact_url(url)} "
            f"cannot be used: {reason}"
        ) from error
    pool = AsyncConnectionPool(
        url,
        kwargs={
            "application_name": settings.service,
            "options": f"-c search_path={schema}",
            "connect_timeout": _CONNECT_SECONDS,
        },
        min_size=1,
        max_size=_MAX_CONNECTIONS,
        timeout=_POOL_WAIT_SECONDS,
        # After a restart of the database its connections are dead: they are tried before they are lent.
        check=AsyncConnectionPool.check_connection,
        # The pool doubles its waits without end; a short series, begun anew by the next request, is back at once.
        reconnect_timeout=2,
        open=False,
    )
    async with pool:
        yield Warehouse(pool)
