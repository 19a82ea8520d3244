"""The canonical form of a stored event: the line whose hash is its leaf of the tree (DESIGN 2).

    {"actor":"key/1","cause":"…","correlation":"…","data":{…},"effective_on":"2026-03-02",
     "position":7,"recorded_at":"2026-03-02T06:00:00.000000Z","stream":"invoice/1/I1",
     "tenant":"demo","type":"InvoiceRegistered","version":1}

on one line, without spaces, the fields in this order; texts are escaped as RFC 8785 has it, `data`
stands byte for byte as it was stored. Exports hold just these lines, so that whoever hashes a line
has the leaf. PostgreSQL writes them, which is twice as fast as it is here, and goes on while what
it wrote is hashed.
"""

from collections.abc import Iterator
from typing import Any, LiteralString

import msgspec
from psycopg import Connection, sql
from psycopg.abc import Params

_LINE = """coalesce(
    CASE WHEN octet_length(to_json(actor || cause || correlation || stream || type)::text)
        = octet_length(actor || cause || correlation || stream || type) + 2
    THEN
        convert_to('{{"actor":"' || actor || '","cause":"' || cause || '","correlation":"'
            || correlation || '","data":', 'UTF8')
        || data
        || convert_to(',"effective_on":"' || {effective_on} || '","position":' || position
            || ',"recorded_at":"' || {recorded_at} || '","stream":"' || stream || {plain_tenant}
            || type || '","version":' || version || '}}', 'UTF8')
    ELSE
        convert_to('{{"actor":' || to_json(actor)::text || ',"cause":' || to_json(cause)::text
            || ',"correlation":' || to_json(correlation)::text || ',"data":', 'UTF8')
        || data
        || convert_to(',"effective_on":"' || {effective_on} || '","position":' || position
            || ',"recorded_at":"' || {recorded_at} || '","stream":' || to_json(stream)::text
            || {tenant} || to_json(type)::text || ',"version":' || version || '}}', 'UTF8')
    END,
    '')"""
"""Texts in which nothing is escaped, which is all but always so, are written as they are."""

_EFFECTIVE_ON = sql.SQL("to_char(effective_on::timestamp, 'YYYY-MM-DD')")
_RECORDED_AT = sql.SQL(
    """to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
)


def line_of(tenant: str) -> sql.Composed:
    """Return the expression, over the columns of events, of the line of an event of a tenant.

    It stands in statements with parameters, where a percent sign is written twice.
    """
    told = msgspec.json.encode(tenant).decode().replace("%", "%%")
    return sql.SQL(_LINE).format(
        tenant=sql.Literal(f',"tenant":{told},"type":'),
        plain_tenant=sql.Literal(f'","tenant":{told},"type":"'),
        effective_on=_EFFECTIVE_ON,
        recorded_at=_RECORDED_AT,
    )


CHUNK_LINES = 64
"""Lines taken from the server at a time: with more, it waits while they are hashed."""

Line = tuple[int, bytes]
"""A position, and the line of its event."""


def read_lines(
    connection: Connection[Any], tenant: str, rest: LiteralString, params: Params
) -> Iterator[Line]:
    """Yield lines of events as they come; `rest` of the statement says which, and in what order.

    The connection is at it until the last one has come.
    """
    statement = sql.SQL("SELECT position, {} {}").format(line_of(tenant), sql.SQL(rest))
    yield from connection.cursor().stream(statement, params, binary=True, size=CHUNK_LINES)
