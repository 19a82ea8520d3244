"""Folds whole streams into empty tables, in any order and by any number of processes.

A page of the runner meets entities that have rows already, so it looks them up and replaces them.
Here every event of an entity is at hand at once: nothing is looked up, nothing is replaced, and
the tables need no keys yet.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from psycopg import Connection, OperationalError, sql

from eventstore.codec import UnknownEvent
from eventstore.postgres import find_stretch, read_streams
from projections.catalogue import READ_MODELS
from projections.projection import ReadModel, fold, sort_out
from projections.stored_rows import clear, store

STRETCH_EVENTS = 10_000
"""Events read, folded and stored at a time, about."""


class Stretch(Struct, frozen=True):
    """Some whole streams of a tenant, up to a position, to be folded into some read models."""

    tenant: int
    read_models: tuple[str, ...]
    until: int
    after: str
    to: str


class CannotFold(Exception):
    """An event cannot be decoded or folded; the runner finds out which and stops there."""


def stretches(
    connection: Connection[Any], tenant: int, read_models: Sequence[str], until: int
) -> Iterator[Stretch]:
    """Cut a tenant's log up to a position into stretches."""
    after = ""
    while (to := find_stretch(connection, tenant, after, STRETCH_EVENTS)) is not None:
        yield Stretch(tenant, tuple(read_models), until, after, to)
        after = to


def fold_stretch(connection: Connection[Any], schema: str, stretch: Stretch) -> int:
    """Fold a stretch into the tables of a schema; return how many events it has.

    Raises:
        CannotFold: if that cannot be done; nothing is stored of it.
    """
    read_models = _named(stretch.read_models)
    try:
        with connection.transaction():
            _look_in(connection, schema)
            events = read_streams(
                connection, stretch.tenant, stretch.after, stretch.to, stretch.until
            )
            relevant = sort_out(read_models, events)
            for one in read_models:
                folded = fold(one, stretch.tenant, relevant[one.name], {})
                store(connection, stretch.tenant, one, folded)
            return len(events)
    except OperationalError:
        raise
    except (UnknownEvent, msgspec.DecodeError) as failure:
        raise CannotFold(str(failure)) from failure
    except Exception as failure:
        raise CannotFold(f"{type(failure).__name__}: {failure}") from failure


def clear_all(
    connection: Connection[Any], schema: str, tenant: int, read_models: Sequence[str]
) -> None:
    """Take back what was stored of a tenant in the tables of a schema."""
    with connection.transaction():
        _look_in(connection, schema)
        for one in _named(read_models):
            clear(connection, tenant, one)


def _named(names: Sequence[str]) -> list[ReadModel[Any, Any]]:
    return [one for one in READ_MODELS if one.name in names]


def _look_in(connection: Connection[Any], schema: str) -> None:
    connection.execute(sql.SQL("SET LOCAL search_path = {}, public").format(sql.Identifier(schema)))
