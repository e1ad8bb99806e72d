"""The tables, and their first content.

`stock` counts pieces; `reservation` sets them aside until it expires; `inbox` remembers the messages that were
booked, so that a second delivery changes nothing; `orders` is what checkouts became.
"""

from __future__ import annotations

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from inventory.seed import STOCK

_TABLES = """
create table if not exists stock (
  sku text primary key,
  on_hand integer not null,
  sold integer not null default 0
);

create table if not exists reservation (
  cart_id text not null,
  sku text not null references stock,
  quantity integer not null check (quantity > 0),
  expires_at timestamptz not null,
  primary key (cart_id, sku)
);
create index if not exists reservation_sku on reservation (sku);

create table if not exists inbox (
  message_id text primary key,
  cart_id text not null,
  deliveries integer not null default 1,
  received_at timestamptz not null default now()
);

create table if not exists orders (
  cart_id text primary key,
  items jsonb not null,
  message_id text not null references inbox,
  booked_at timestamptz not null default now()
);
"""


async def create_schema(connection: AsyncConnection, schema: str) -> None:
    """Creates what is missing, in one transaction; instances that start at once wait for each other."""
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended('inventory schema ' || %s, 0))", [schema]
        )
        await cursor.execute(SQL("create schema if not exists {}").format(Identifier(schema)))
        await cursor.execute(SQL("set local search_path to {}").format(Identifier(schema)))
        await cursor.execute("select to_regclass('stock') is null")
        empty = await cursor.fetchone() == (True,)
        await cursor.execute(_TABLES)
        if empty:
            await cursor.executemany("insert into stock (sku, on_hand) values (%s, %s)", list(STOCK.items()))
