"""What is noted and consumed."""

from __future__ import annotations

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

_TABLES = """
create table if not exists note (
  at bigint generated always as identity primary key,
  key text, text text, command_id text, tenant text, traceparent text
);
create table if not exists consumed (
  at bigint generated always as identity primary key,
  id text, key text, number integer, tenant text, traceparent text, source text
);
"""


async def create_tables(url: str, schema: str) -> str:
    """Makes schema and tables; another instance may do so at the same time."""
    async with await AsyncConnection.connect(url) as connection:
        await connection.execute("select pg_advisory_xact_lock(hashtext('scenario tables'))")
        await connection.execute(SQL("create schema if not exists {}").format(Identifier(schema)))
        await connection.execute(SQL("set local search_path to {}").format(Identifier(schema)))
        await connection.execute(_TABLES)
    return schema
