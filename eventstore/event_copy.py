"""Events as PostgreSQL's binary COPY has them, which the server need not parse.

Source: PostgreSQL manual, COPY, "Binary Format". Dates are days, moments microseconds since 2000.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from eventstore.codec import encode_all
from eventstore.log import NewEvent

EVENT_COLUMNS = (
    "tenant, position, stream, version, type, data, effective_on, recorded_at, actor, cause,"
    " correlation"
)

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date().toordinal()
_MICROSECOND = timedelta(microseconds=1)

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = struct.pack("!h", -1)
_COLUMNS = EVENT_COLUMNS.count(",") + 1
_size = struct.Struct("!i").pack
_size_and_integer = struct.Struct("!ii").pack
_begin = struct.Struct("!hiiiqi").pack
"""How many columns, `tenant` and `position` with their sizes, and the size of `stream`."""


def binary_events(
    tenant: int,
    first_position: int,
    stamped_at: datetime,
    batch: Sequence[NewEvent],
    datas: Sequence[bytes] | None = None,
) -> bytes:
    """Return a batch as COPY reads the columns `EVENT_COLUMNS`.

    `datas` are the events' stored forms, if something of them is sealed.
    """
    types = {kind: _text(kind.__name__) for kind in {type(new.event) for new in batch}}
    dates = {on: _date(on) for on in {new.effective_on for new in batch}}
    moment = struct.pack("!iq", 8, (stamped_at - _EPOCH) // _MICROSECOND)
    tails = {
        told_by: b"".join((moment, *map(_text, told_by)))
        for told_by in {(new.actor, new.cause, new.correlation) for new in batch}
    }
    parts = [_SIGNATURE]
    if datas is None:
        datas = encode_all([new.event for new in batch])
    for position, (new, data) in enumerate(zip(batch, datas, strict=True), first_position):
        stream = new.stream.encode()
        parts += (
            _begin(_COLUMNS, 4, tenant, 8, position, len(stream)),
            stream,
            _size_and_integer(4, new.version),
            types[type(new.event)],
            _size(len(data)),
            data,
            dates[new.effective_on],
            tails[new.actor, new.cause, new.correlation],
        )
    parts.append(_END)
    return b"".join(parts)


def _text(value: str) -> bytes:
    told = value.encode()
    return _size(len(told)) + told


def _date(on: date) -> bytes:
    return _size_and_integer(4, on.toordinal() - _EPOCH_DAY)
