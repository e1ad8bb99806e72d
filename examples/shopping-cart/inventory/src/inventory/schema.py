"""The tables, and their first content.

`stock` counts pieces; `reservation` sets them aside until it expires; `orders` is what checkouts became. Which
messages were booked is noted in the library's inbox; a table `inbox` of earlier versions is taken over into it.
"""

from __future__ import annotations

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier, Literal

from inventory.seed import STOCK
from samspel.inbox import create_inbox

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

create table if not exists orders (
  cart_id text primary key,
  items jsonb not null,
  deliveries integer not null default 1,
  booked_at timestamptz not null default now()
);
"""

_TAKE_OVER = """
alter table orders add column if not exists deliveries integer not null default 1;
update orders set deliveries = counted.deliveries
from (select cart_id, sum(deliveries)::integer as deliveries from inbox group by cart_id) as counted
where counted.cart_id = orders.cart_id;
insert into samspel_inbox (subscription, message_id, received_at)
select {subscription}, message_id, received_at from inbox
on conflict do nothing;
alter table orders drop column message_id;
drop table inbox;
"""


async def create_schema(connection: AsyncConnection, schema: str, subscription: str) -> None:
    """Creates what is missing, in one transaction; instances that start at once wait for each other.

    :param subscription: under what the inbox notes the messages that earlier versions booked
    """
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended('inventory schema ' || %s, 0))", [schema]
        )
        await cursor.execute(SQL("create schema if not exists {}").format(Identifier(schema)))
        await cursor.execute(SQL("set local search_path to {}").format(Identifier(schema)))
        await cursor.execute("select to_regclass('stock') is null")
        empty = await cursor.fetchone() == (True,)
        await cursor.execute(_TABLES)
        await create_inbox(connection)
        await cursor.execute("select to_regclass('inbox') is not null")
        if await cursor.fetchone() == (True,):
            await cursor.execute(SQL(_TAKE_OVER).format(subscription=Literal(subscription)))
        if empty:
            await cursor.executemany("insert into stock (sku, on_hand) values (%s, %s)", list(STOCK.items()))
