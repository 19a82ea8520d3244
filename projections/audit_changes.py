"""What events changed: the state of their stream before and after, compared field by field.

The states are those that decisions are taken on (`domain/`), worked out by the deciders
themselves, so that this is the same for every kind of stream. A field is told by its path, such
as `document.amount`; parts of a mapping by their keys, of a list of records by their number. An
amount is the exact decimal as text. Records that have no order are told whole, as objects in a
list. What is unknown, empty or not there has no value.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeAlias, cast

from msgspec import Struct, ValidationError

from domain.catalogue import DECIDERS
from domain.shared.decider import Decider, ImpossibleHistory
from domain.shared.streams import stream_category
from eventstore.codec import UnknownEvent, decode
from eventstore.encryption import KEY_COLUMNS, KEY_JOIN, open_with
from projections.query import Query, sql

Value: TypeAlias = str | int | bool | list[Any]
"""A value as JSON tells it, None aside."""

STATE = "state"
"""The field that names what the stream is: the type of its state, such as Open or Resolved."""

_BY_CATEGORY: Mapping[str, Decider[Any, Any, Any]] = {one.category: one for one in DECIDERS}


BEGINNING = -1
"""The version of a stream without events: those of ours begin with 1, of the library's with 0."""


class Change(Struct, frozen=True):
    """A field that an event changed; a value that is None is not there."""

    field: str
    before: Value | None
    after: Value | None


def flat(state: object) -> dict[str, Value]:
    """Return the fields of a state by path, those that have a value."""
    found: dict[str, Value] = {}
    if state is not None:
        found[STATE] = type(state).__name__
        _flatten(state, "", found)
    return found


def _flatten(value: object, path: str, found: dict[str, Value]) -> None:
    match value:
        case None:
            return
        case Struct():
            for name in value.__struct_fields__:
                _flatten(getattr(value, name), _below(path, name), found)
        case Mapping():
            for key, one in cast("Mapping[Any, Any]", value).items():
                _flatten(one, _below(path, _escaped(str(_plain(key)))), found)
        case AbstractSet():
            members = sorted((_plain(one) for one in cast("AbstractSet[Any]", value)), key=repr)
            if members:
                found[path] = members
        case list() | tuple():
            parts = cast("Sequence[Any]", value)
            if any(isinstance(one, Struct | Mapping) for one in parts):
                for number, one in enumerate(parts):
                    _flatten(one, _below(path, str(number)), found)
            elif parts:
                found[path] = [_plain(one) for one in parts]
        case _:
            found[path] = _plain(value)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _escaped(key: str) -> str:
    """Return a key as a part of a path: a point within it stands behind a backslash."""
    return key.replace("\\", "\\\\").replace(".", "\\.")


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return _plain(value.value)
        case Decimal():
            return f"{value:f}"
        case datetime() | date() | time():
            return value.isoformat()
        case tuple() | list():
            return [_plain(one) for one in cast("Sequence[Any]", value)]
        case Struct():
            told = {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
            return {name: one for name, one in told.items() if one is not None}
        case _:
            return value


def changes_between(before: Mapping[str, Value], after: Mapping[str, Value]) -> list[Change]:
    """Return how the fields of two states differ, in the order of the fields."""
    changed = [
        Change(field, before.get(field), value)
        for field, value in after.items()
        if not _same(before.get(field), value)
    ]
    return changed + [
        Change(field, was, None) for field, was in before.items() if field not in after
    ]


def _same(one: Value | None, other: Value | None) -> bool:
    return type(one) is type(other) and one == other


def applied(fields: Mapping[str, Value], changes: Iterable[Change]) -> dict[str, Value]:
    """Return the fields that changes lead to."""
    found = dict(fields)
    for one in changes:
        if one.after is None:
            found.pop(one.field, None)
        else:
            found[one.field] = one.after
    return found


class StoredEvent(Struct, frozen=True, gc=False):
    """An event of a stream as it is stored, with the key of the person whom it is about."""

    stream: str
    version: int
    type: str
    data: bytes
    tenant: int = 0
    wrapped: bytes | None = None
    master: bytes | None = None

    @property
    def opened(self) -> bytes:
        """Its JSON, with what is personal of it or what stands for that."""
        return open_with(
            self.tenant,
            self.stream,
            self.version,
            self.type,
            self.data,
            self.wrapped,
            self.master,
        )


class Stream:
    """A stream while its events are replayed, one after the other."""

    def __init__(self, name: str) -> None:
        self.version = BEGINNING
        self._decider = _BY_CATEGORY.get(stream_category(name))
        self._state: Any = None if self._decider is None else self._decider.initial
        self._fields = initial_fields(stream_category(name))

    def next(self, event: StoredEvent) -> list[Change] | None:
        """Replay the next event; return what it changed, or None if that cannot be told.

        It cannot from the first event on that this version of the product does not understand.
        """
        self.version = event.version
        if self._decider is None:
            return None
        try:
            self._state = self._decider.evolve(self._state, decode(event.type, event.opened))
        except (UnknownEvent, ValidationError, ImpossibleHistory):
            self._decider = None
            return None
        before, self._fields = self._fields, flat(self._state)
        return changes_between(before, self._fields)

    @property
    def fields(self) -> dict[str, Value]:
        """The fields of the state that the stream is in."""
        return dict(self._fields)


@cache
def _initial(category: str) -> dict[str, Value]:
    decider = _BY_CATEGORY.get(category)
    return {} if decider is None else flat(decider.initial)


def initial_fields(category: str) -> dict[str, Value]:
    """Return the fields of a stream that has no events yet."""
    return dict(_initial(category))


def events_up_to(tenant: int, wanted: Mapping[str, tuple[int, int]]) -> Query[StoredEvent]:
    """Return the question for events of streams after one version, up to another, in order."""
    statement = f"""
        SELECT e.stream, e.version, e.type, e.data, e.tenant, {KEY_COLUMNS}
        FROM unnest(%(streams)s::text[], %(after)s::integer[], %(until)s::integer[])
            AS w (stream, after, until)
        JOIN public.events e ON e.tenant = %(tenant)s AND e.stream = w.stream
            AND e.version > w.after AND e.version <= w.until
        {KEY_JOIN}
        ORDER BY e.stream, e.version"""
    parameters = {
        "tenant": tenant,
        "streams": list(wanted),
        "after": [after for after, _ in wanted.values()],
        "until": [until for _, until in wanted.values()],
    }
    return Query(sql(statement), parameters, StoredEvent)


def changes_of(
    events: Iterable[StoredEvent], wanted: AbstractSet[tuple[str, int]]
) -> dict[tuple[str, int], list[Change] | None]:
    """Return what the wanted events changed, by stream and version.

    `events` are all of their streams from the first on, stream by stream in order.
    """
    found: dict[tuple[str, int], list[Change] | None] = {}
    name, stream = "", Stream("")
    for one in events:
        if one.stream != name:
            name, stream = one.stream, Stream(one.stream)
        changes = stream.next(one)
        if (one.stream, one.version) in wanted:
            found[one.stream, one.version] = changes
    return found
