"""A question to the read models, as a value: SQL, its parameters and the rows it returns.

Whoever asks decides on which connection; both kinds of connection fetch the same query.
"""

from collections.abc import Callable, Generator, Mapping
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import Struct
from psycopg import AsyncConnection, Connection
from psycopg.sql import SQL

from projections.projection import Table

Answer = TypeVar("Answer")

AS_IT_STANDS = "OFFSET '0'::bigint"
"""The end of a subquery that PostgreSQL is to answer as it stands, and not to merge into others.

A plain 0 would be converted only when the subquery is planned, and until then keep the whole
query from being answered in parallel.
"""


class Query(Struct, Generic[Answer], frozen=True):
    """A named-parameter statement; `row` builds an answer of a row's columns, in order."""

    statement: SQL
    parameters: Mapping[str, Any]
    row: Callable[..., Answer]


Asking: TypeAlias = Generator[Query[Any], list[Any], Answer]
"""Questions that depend on each other's answers: hands them out one after the other, is sent the
answers to each, and ends with an answer of its own."""


def sql(text: str) -> SQL:
    """Return SQL that this program wrote, never one that a person did."""
    return SQL(text)  # pyright: ignore[reportArgumentType]


def as_known(table: Table) -> str:
    """Return the SQL of a table's rows as known at the moment `%(known_at)s`."""
    columns = ", ".join(table.columns)
    return f"""
        SELECT {columns} FROM {table.name}
        WHERE tenant = %(tenant)s AND known_from <= %(known_at)s
        UNION ALL
        SELECT {columns} FROM {table.name}_history
        WHERE tenant = %(tenant)s AND known_from <= %(known_at)s AND known_to > %(known_at)s"""


def fetch(connection: Connection[Any], query: Query[Answer]) -> list[Answer]:
    """Return the answers to `query`."""
    cursor = connection.execute(query.statement, query.parameters)
    return [query.row(*values) for values in cursor.fetchall()]


def answered(connection: Connection[Any], asking: Asking[Answer]) -> Answer:
    """Return what questions that depend on each other end with."""
    try:
        query = next(asking)
        while True:
            query = asking.send(fetch(connection, query))
    except StopIteration as done:
        return done.value


async def fetch_async(connection: AsyncConnection[Any], query: Query[Answer]) -> list[Answer]:
    """Return the answers to `query`."""
    cursor = await connection.execute(query.statement, query.parameters)
    return [query.row(*values) for values in await cursor.fetchall()]
