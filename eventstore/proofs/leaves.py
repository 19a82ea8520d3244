"""The canonical form of a stored event: the line whose hash is its leaf of the tree (DESIGN 2).

    {"actor":"key/1","cause":"…","correlation":"…","data":{…},"effective_on":"2026-03-02",
     "position":7,"recorded_at":"2026-03-02T06:00:00.000000Z","stream":"invoice/1/I1",
     "tenant":"demo","type":"InvoiceRegistered","version":1}

on one line, without spaces, the fields in this order; texts are escaped as RFC 8785 has it, `data`
stands byte for byte as it was stored. Exports hold just these lines, so that whoever hashes a line
has the leaf.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import msgspec

from eventstore.proofs.merkle import Hash

LINE_COLUMNS = (
    "position, stream, version, type, data, effective_on, recorded_at, actor, cause, correlation"
)
"""The columns of events that lines are made of, in order."""

REMEMBERED_MAX = 10_000
"""Beginnings of lines that are remembered."""

_text = msgspec.json.Encoder().encode


class Liner:
    """Makes lines of the events of a tenant, given as rows of `LINE_COLUMNS`."""

    def __init__(self, tenant: str) -> None:
        self._tenant = _text(tenant)
        self._heads: dict[tuple[str, str, str], bytes] = {}
        self._tails: dict[str, bytes] = {}
        self._days: dict[date, bytes] = {}

    def line(self, row: Sequence[Any]) -> bytes:
        """Return the line of an event."""
        return next(self._leaves([row]))[1:]

    def lines(self, rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
        """Yield the lines of events."""
        for leaf in self._leaves(rows):
            yield leaf[1:]

    def hashes(self, rows: Iterable[Sequence[Any]]) -> list[Hash]:
        """Return the leaves of events."""
        return [sha256(leaf).digest() for leaf in self._leaves(rows)]

    def _leaves(self, rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
        """Yield what is hashed of events: their lines behind a byte that tells leaves from nodes.

        Much is the same from one event to the next, and is remembered, as whole logs are hashed.
        """
        heads, tails, days = self._heads, self._tails, self._days
        last_at, moment = None, b""
        for (
            position,
            stream,
            version,
            type_name,
            data,
            effective_on,
            recorded_at,
            *told_by,
        ) in rows:
            key = (*told_by,)
            head = heads.get(key)
            if head is None:
                head = self._head(*key)
            tail = tails.get(type_name)
            if tail is None:
                tail = self._tail(type_name)
            day = days.get(effective_on)
            if day is None:
                day = self._day(effective_on)
            if recorded_at != last_at:
                last_at, moment = recorded_at, _moment(recorded_at)
            yield b"".join(
                (
                    head,
                    data,
                    day,
                    b"%d" % position,
                    moment,
                    _text(stream),
                    tail,
                    b"%d}" % version,
                )
            )

    def _head(self, actor: str, cause: str, correlation: str) -> bytes:
        if len(self._heads) >= REMEMBERED_MAX:
            self._heads.clear()
        told = _text(actor), _text(cause), _text(correlation)
        head = b'\0{"actor":%b,"cause":%b,"correlation":%b,"data":' % told
        self._heads[actor, cause, correlation] = head
        return head

    def _tail(self, type_name: str) -> bytes:
        told = self._tenant, _text(type_name)
        tail = self._tails[type_name] = b',"tenant":%b,"type":%b,"version":' % told
        return tail

    def _day(self, effective_on: date) -> bytes:
        told = effective_on.isoformat().encode()
        day = self._days[effective_on] = b',"effective_on":"%b","position":' % told
        return day


def _moment(at: datetime) -> bytes:
    """Return a moment in UTC with six digits of a second."""
    told = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return b',"recorded_at":"%bZ","stream":' % told.encode()
