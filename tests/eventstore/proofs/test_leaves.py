"""The line of an event: what an outsider hashes."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from psycopg import Connection, sql

from eventstore.proofs.leaves import line_of
from runtime.database import Database

AT = datetime(2026, 3, 2, 6, 0, 0, 5, UTC)
ROW = (7, "invoice/1/I1", 1, "Happened", b'{"a":"1.00"}', date(2026, 3, 2), AT, "key/1", "c", "d")

_ROW = """
    SELECT %s::bigint AS position, %s::text AS stream, %s::integer AS version, %s::text AS type,
        %s::bytea AS data, %s::date AS effective_on, %s::timestamptz AS recorded_at,
        %s::text AS actor, %s::text AS cause, %s::text AS correlation"""


def line(connection: Connection[Any], tenant: str, row: tuple[Any, ...]) -> str:
    statement = sql.SQL("SELECT {} FROM ({}) e").format(line_of(tenant), sql.SQL(_ROW))
    told = connection.execute(statement, row).fetchone()
    assert told is not None
    return told[0].decode()


def test_the_line_is_what_its_description_says(owner: Connection[Any]) -> None:
    assert line(owner, "demo", ROW) == (
        '{"actor":"key/1","cause":"c","correlation":"d","data":{"a":"1.00"},'
        '"effective_on":"2026-03-02","position":7,"recorded_at":"2026-03-02T06:00:00.000005Z",'
        '"stream":"invoice/1/I1","tenant":"demo","type":"Happened","version":1}'
    )
    elsewhere = AT.astimezone(timezone(timedelta(hours=2)))
    assert line(owner, "demo", (*ROW[:6], elsewhere, *ROW[7:])) == line(owner, "demo", ROW)


def test_the_line_is_the_same_whatever_a_session_is_set_to(owner: Connection[Any]) -> None:
    usual = line(owner, "demo", ROW)
    owner.execute("SET TimeZone = 'Asia/Kathmandu'")
    owner.execute("SET DateStyle = 'SQL, DMY'")
    owner.execute("SET lc_time = 'C'")
    assert line(owner, "demo", ROW) == usual


def test_an_event_with_a_field_that_is_not_there_has_no_line(owner: Connection[Any]) -> None:
    assert line(owner, "demo", (*ROW[:7], None, *ROW[8:])) == ""


text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))


@given(texts=st.lists(text, min_size=6, max_size=6), position=st.integers(1, 2**62))
def test_texts_are_escaped_as_others_escape_them(
    database: Database, texts: list[str], position: int
) -> None:
    tenant, stream, kind, actor, cause, correlation = texts
    row = (position, stream, 3, kind, b"{}", date(1, 1, 1), AT, actor, cause, correlation)
    told = {
        "actor": actor,
        "cause": cause,
        "correlation": correlation,
        "data": {},
        "effective_on": "0001-01-01",
        "position": position,
        "recorded_at": "2026-03-02T06:00:00.000005Z",
        "stream": stream,
        "tenant": tenant,
        "type": kind,
        "version": 3,
    }
    plain = json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    with database.connect("owner") as connection:
        assert line(connection, tenant, row) == plain
