"""The canonical form of a stored event: the line whose hash is its leaf of the tree (DESIGN 2).

    {"actor":"key/1","cause":"…","correlation":"…","data":{…},"effective_on":"2026-03-02",
     "position":7,"recorded_at":"2026-03-02T06:00:00.000000Z","stream":"invoice/1/I1",
     "tenant":"demo","type":"InvoiceRegistered","version":1}

on one line, without spaces, the fields in this order; texts are escaped as RFC 8785 has it, `data`
stands byte for byte as it was stored. Exports hold just these lines, so that whoever hashes a line
has the leaf.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec

from eventstore.proofs.merkle import Hash

LINE_COLUMNS = (
    "position, stream, version, type, data, effective_on, recorded_at, actor, cause, correlation"
)
"""The columns of events that `Liner.line` takes, in order."""

_text = msgspec.json.Encoder().encode


class Liner:
    """Makes lines of the events of a tenant."""

    def __init__(self, tenant: str) -> None:
        self._tenant = _text(tenant)
        self._heads: dict[tuple[str, str, str], bytes] = {}
        self._types: dict[str, bytes] = {}

    def line(
        self,
        position: int,
        stream: str,
        version: int,
        type_name: str,
        data: bytes,
        effective_on: date,
        recorded_at: datetime,
        actor: str,
        cause: str,
        correlation: str,
    ) -> bytes:
        """Return the line of an event."""
        told_by = actor, cause, correlation
        head = self._heads.get(told_by)
        if head is None:
            if len(self._heads) >= _HEADS_MAX:
                self._heads.clear()
            head = self._heads[told_by] = b'{"actor":%b,"cause":%b,"correlation":%b,"data":' % (
                _text(actor),
                _text(cause),
                _text(correlation),
            )
        tail = self._types.get(type_name)
        if tail is None:
            tail = self._types[type_name] = b',"tenant":%b,"type":%b,"version":' % (
                self._tenant,
                _text(type_name),
            )
        return b'%b%b,"effective_on":"%b","position":%d,"recorded_at":"%b","stream":%b%b%d}' % (
            head,
            data,
            _day(effective_on),
            position,
            _moment(recorded_at),
            _text(stream),
            tail,
            version,
        )

    def hashes(self, rows: Iterable[tuple[Any, ...]]) -> list[Hash]:
        """Return the leaves of events, given as rows of `LINE_COLUMNS`."""
        line = self.line
        return [sha256(b"\0" + line(*row)).digest() for row in rows]


_HEADS_MAX = 10_000


@lru_cache(maxsize=4_096)
def _day(on: date) -> bytes:
    return on.isoformat().encode()


@lru_cache(maxsize=64)
def _moment(at: datetime) -> bytes:
    """Return a moment in UTC with six digits of a second."""
    told = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return f"{told}Z".encode()
