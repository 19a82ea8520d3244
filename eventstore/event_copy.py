"""Events as PostgreSQL's binary COPY has them, which the server need not parse.

Source: PostgreSQL manual, COPY, "Binary Format". Dates are days, moments microseconds since 2000.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from eventstore.codec import encode_all
from eventstore.log import NewEvent

EVENT_COLUMNS = (
    "tenant, position, recorded_at, stream, version, type, data, effective_on, actor, cause,"
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
_begin = struct.Struct("!hiiiqiqi").pack
"""How many columns; tenant, position and when recorded, with their sizes; the stream's size."""

_POSITION = struct.calcsize("!hiii")
_RECORDED_AT = struct.calcsize("!hiiiqi")
"""Where in a row they stand."""

_EIGHT = np.arange(8)


class EncodedEvents:
    """A batch as COPY reads the columns `EVENT_COLUMNS`, made before it has a place in the log.

    So nobody need wait while it is made.
    """

    def __init__(
        self, tenant: int, batch: Sequence[NewEvent], datas: Sequence[bytes] | None = None
    ) -> None:
        """`datas` are the events' stored forms, if something of them is sealed."""
        types = {kind: _text(kind.__name__) for kind in {type(new.event) for new in batch}}
        dates = {on: _date(on) for on in {new.effective_on for new in batch}}
        tails = {
            told_by: b"".join(map(_text, told_by))
            for told_by in {(new.actor, new.cause, new.correlation) for new in batch}
        }
        if datas is None:
            datas = encode_all([new.event for new in batch])
        parts = [_SIGNATURE]
        ends: list[int] = []
        end = len(_SIGNATURE)
        for new, data in zip(batch, datas, strict=True):
            stream = new.stream.encode()
            row = b"".join(
                (
                    _begin(_COLUMNS, 4, tenant, 8, 0, 8, 0, len(stream)),
                    stream,
                    _size_and_integer(4, new.version),
                    types[type(new.event)],
                    _size(len(data)),
                    data,
                    dates[new.effective_on],
                    tails[new.actor, new.cause, new.correlation],
                )
            )
            end += len(row)
            ends.append(end)
            parts.append(row)
        parts.append(_END)
        self._bytes = np.frombuffer(bytearray().join(parts), np.uint8)
        self._starts: npt.NDArray[np.intp] = np.array([len(_SIGNATURE), *ends[:-1]])[:, np.newaxis]

    def placed(self, first_position: int, stamped_at: datetime) -> memoryview:
        """Return it as of the first of its positions and the moment at which it is recorded."""
        count = len(self._starts)
        positions = np.arange(first_position, first_position + count).astype(">i8")
        moment = struct.pack("!q", (stamped_at - _EPOCH) // _MICROSECOND)
        self._bytes[self._starts + _POSITION + _EIGHT] = positions.view(np.uint8).reshape(-1, 8)
        self._bytes[self._starts + _RECORDED_AT + _EIGHT] = np.frombuffer(moment, np.uint8)
        return self._bytes.data


def _text(value: str) -> bytes:
    told = value.encode()
    return _size(len(told)) + told


def _date(on: date) -> bytes:
    return _size_and_integer(4, on.toordinal() - _EPOCH_DAY)
