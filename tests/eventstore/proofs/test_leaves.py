"""The line of an event: what an outsider hashes."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from eventstore.proofs.leaves import Liner
from eventstore.proofs.merkle import leaf_hash

AT = datetime(2026, 3, 2, 6, 0, 0, 5, UTC)
ROW = (7, "invoice/1/I1", 1, "Happened", b'{"a":"1.00"}', date(2026, 3, 2), AT, "key/1", "c", "d")


def test_the_line_is_what_its_description_says() -> None:
    assert Liner("demo").line(ROW).decode() == (
        '{"actor":"key/1","cause":"c","correlation":"d","data":{"a":"1.00"},'
        '"effective_on":"2026-03-02","position":7,"recorded_at":"2026-03-02T06:00:00.000005Z",'
        '"stream":"invoice/1/I1","tenant":"demo","type":"Happened","version":1}'
    )
    elsewhere = AT.astimezone(timezone(timedelta(hours=2)))
    assert Liner("demo").line((*ROW[:6], elsewhere, *ROW[7:])) == Liner("demo").line(ROW)
    assert Liner("demo").hashes([ROW]) == [leaf_hash(Liner("demo").line(ROW))]


text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))


@given(texts=st.lists(text, min_size=6, max_size=6), position=st.integers(1, 2**62))
def test_texts_are_escaped_as_others_escape_them(texts: list[str], position: int) -> None:
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
    assert Liner(tenant).line(row) == plain.encode()
