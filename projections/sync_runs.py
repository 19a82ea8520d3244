"""Read model: sync runs that changed something (SYN-10)."""

from datetime import date, datetime
from typing import Any, cast

from msgspec.structs import astuple

from domain.sync_run import SyncCompleted
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build


class SyncRunRow(Row, frozen=True, array_like=True, gc=False):
    """A sync run; counts are rows of all files together."""

    tenant: int
    run_id: str
    business_date: date
    read: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    known_from: datetime


def evolve(state: SyncCompleted | None, recorded: Recorded) -> SyncCompleted:  # noqa: ARG001
    """Remember the outcome."""
    return cast("SyncCompleted", recorded.event)


def rows(state: SyncCompleted, tenant: int, known_from: datetime) -> EntityRows:
    """Return the run's row."""
    return ((build(SyncRunRow, tenant, *astuple(state), known_from),),)


def restore(stored: EntityRows) -> SyncCompleted:
    """Return the outcome of a stored row."""
    return SyncCompleted(*astuple(stored[0][0])[1:-1])


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the run's id."""
    return (cast("SyncCompleted", recorded.event).run_id,)


SYNC_RUNS: ReadModel[Any, SyncCompleted] = ReadModel(
    name="sync_runs",
    tables=(Table("sync_runs", SyncRunRow, ("run_id",), ("run_id",), history=False),),
    handles=(SyncCompleted,),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
