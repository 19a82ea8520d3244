"""What every read model is, and the fold that all of them share.

A read model keeps some entities, each by a key, as rows of one or more tables. It says which
events it handles, whose entity an event is about, what the event does to the entity's state, and
which rows a state stands for. The rest is the same for all and lives here and in the runner:
rows carry since when they have been known, and a row that later events replaced is kept as
history with the moment until which it was known.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import astuple

from domain.shared.event import Event
from eventstore.log import Recorded

Key = TypeVar("Key", bound=Hashable)
State = TypeVar("State")
Made = TypeVar("Made")


class Row(Struct, frozen=True, array_like=True, gc=False):
    """A row of a read model's table: its fields are the table's columns, in order.

    The first is `tenant`, the last `known_from`: every row type declares both.
    """


class Table(Struct, frozen=True):
    """A table of a read model.

    `entity_key` names the columns that make up the entity's key, `key` the columns by which the
    table tells rows apart within a tenant. Without `history`, rows are only ever added.
    """

    name: str
    row: type[Row]
    entity_key: tuple[str, ...]
    key: tuple[str, ...]
    history: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's columns, in the order of the row's fields."""
        return self.row.__struct_fields__

    @property
    def names(self) -> tuple[str, ...]:
        """The name of the table, and that of its history if it has one."""
        return (self.name, f"{self.name}_history") if self.history else (self.name,)


EntityKey = tuple[str, ...]
"""What tells an entity from the others of its tenant. All events about it are of one stream."""

Keyed = tuple[EntityKey, Recorded]
"""An event and the entity that it is about."""

EntityRows = tuple[Sequence[Row], ...]
"""The rows of one entity, by table in the order of `ReadModel.tables`."""


class Naming(Struct, frozen=True):
    """How entities name persons, so that they can be folded anew once one is erased.

    `category` is that of the entities' streams. `erased_by` tells which events erase somebody whom
    they may name, and what the columns of their first table hold then.
    """

    category: str
    erased_by: Mapping[type[Event], Callable[[Recorded], Mapping[str, str | None]]]


class ReadModel(Struct, Generic[Key, State], frozen=True):
    """A read model, as values and pure functions.

    `key` gives the entity that an event is about, and `begins` whether nothing can be known of
    that entity before this event, so that its rows need not be looked up. `restore` makes a
    state of stored rows; `evolve` applies an event to a state (None for an entity not known) and
    may change the state in place; `rows` gives the rows that a state stands for, as known from a
    moment on. `naming` is given where entities name persons who have streams of their own.
    """

    name: str
    tables: tuple[Table, ...]
    handles: tuple[type[Event], ...]
    key: Callable[[Recorded], EntityKey]
    begins: Callable[[Recorded], bool]
    restore: Callable[[EntityRows], State]
    evolve: Callable[[State | None, Recorded], State]
    rows: Callable[[State, int, datetime], EntityRows]
    naming: Naming | None = None


class Superseded(Struct, frozen=True, gc=False):
    """A row that was known until a moment."""

    row: Row
    known_to: datetime


class Folded(Struct):
    """What a page of events does to the tables of a read model, by table."""

    removed: tuple[list[Row], ...]
    added: tuple[list[Row], ...]
    superseded: tuple[list[Superseded], ...]


class _Entity(Struct, Generic[State], gc=False):
    """An entity while a page is folded."""

    state: State | None
    stored: EntityRows | None
    rows: EntityRows | None
    known_at: datetime


def sort_out(
    read_models: Iterable[ReadModel[Any, Any]], page: Iterable[Recorded]
) -> dict[str, list[Keyed]]:
    """Return the events of a page that each read model handles, by its name, with their keys."""
    relevant: dict[str, list[Keyed]] = {one.name: [] for one in read_models}
    takers: dict[type[Event], list[tuple[Callable[[Recorded], EntityKey], list[Keyed]]]] = {}
    for one in read_models:
        for event_type in one.handles:
            takers.setdefault(event_type, []).append((one.key, relevant[one.name]))
    for recorded in page:
        for key, taken in takers.get(type(recorded.event), ()):
            taken.append((key(recorded), recorded))
    return relevant


def keys_to_load(read_model: ReadModel[Any, Any], relevant: Sequence[Keyed]) -> list[EntityKey]:
    """Return the keys of entities that may have rows: all but those that begin in the page."""
    begins = read_model.begins
    begun = {key for key, recorded in relevant if begins(recorded)}
    return list(dict.fromkeys(key for key, _ in relevant if key not in begun))


def fold(
    read_model: ReadModel[Any, State],
    tenant: int,
    relevant: Sequence[Keyed],
    stored: dict[EntityKey, EntityRows],
) -> Folded:
    """Fold the relevant events of a page over the `stored` rows of the entities it touches.

    Events of one append (they share `recorded_at`) became known together: rows that only stood
    between them were never known to anybody and leave no trace.
    """
    count = len(read_model.tables)
    folded = Folded(
        tuple([] for _ in range(count)),
        tuple([] for _ in range(count)),
        tuple([] for _ in range(count)),
    )
    entities: dict[EntityKey, _Entity[State]] = {}
    evolve = read_model.evolve
    for key, recorded in relevant:
        entity = entities.get(key)
        if entity is None:
            rows = stored.get(key)
            state = None if rows is None else read_model.restore(rows)
            entity = entities[key] = _Entity(state, rows, rows, recorded.recorded_at)
        elif entity.known_at != recorded.recorded_at:
            _close_append(read_model, tenant, entity, folded)
            entity.known_at = recorded.recorded_at
        entity.state = evolve(entity.state, recorded)
    for entity in entities.values():
        _close_append(read_model, tenant, entity, folded)
        _settle(entity, folded)
    return folded


def _close_append(
    read_model: ReadModel[Any, State], tenant: int, entity: _Entity[State], folded: Folded
) -> None:
    """Take the entity's rows as of the end of an append, keeping those that did not change."""
    assert entity.state is not None
    rows = read_model.rows(entity.state, tenant, entity.known_at)
    before = entity.rows
    if before is None:
        entity.rows = rows
        return
    kept_rows: list[Sequence[Row]] = []
    for table, was, now in zip(range(len(rows)), before, rows, strict=True):
        known = {astuple(row)[:-1]: row for row in was}
        kept = [known.pop(astuple(row)[:-1], row) for row in now]
        kept_rows.append(kept)
        for row in known.values():
            if row.known_from < entity.known_at:  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
                folded.superseded[table].append(Superseded(row, entity.known_at))
    entity.rows = tuple(kept_rows)


def _settle(entity: _Entity[State], folded: Folded) -> None:
    """Note which stored rows go and which rows come."""
    assert entity.rows is not None
    if entity.stored is None:
        for table, rows in enumerate(entity.rows):
            folded.added[table].extend(rows)
        return
    for table, (stored, rows) in enumerate(zip(entity.stored, entity.rows, strict=True)):
        stays = {id(row) for row in rows}
        had = {id(row) for row in stored}
        folded.removed[table].extend(row for row in stored if id(row) not in stays)
        folded.added[table].extend(row for row in rows if id(row) not in had)


def build(made: Callable[..., Made], *values: object) -> Made:
    """Return a struct of `values` in the order of its fields, mirrored fields and all."""
    return made(*values)


def begins_stream(recorded: Recorded) -> bool:
    """Whether the event is the first of its stream."""
    return recorded.version == 1
