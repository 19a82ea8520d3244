"""A sync run: one loading of an ERP's export that changed something (SYN-10).

    NotRun --complete--> Completed

A run that changed nothing leaves no trace in the log, so that the same export twice adds nothing.
"""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event


class SyncCompleted(Event, frozen=True, omit_defaults=True):
    """An export was loaded; counts are rows of all files together."""

    run_id: str
    business_date: date
    read: int
    new: int
    changed: int
    unchanged: int
    rejected: int


class CompleteSync(Struct, frozen=True):
    """Record the outcome of a run."""

    outcome: SyncCompleted


class NotRun(Struct, frozen=True):
    """The run is not completed."""


class Completed(Struct, frozen=True):
    """The run is over."""


def evolve(run: NotRun | Completed, event: SyncCompleted) -> NotRun | Completed:
    """Remember `event`."""
    if isinstance(run, NotRun):
        return Completed()
    raise ImpossibleHistory(f"{event} after {run}")


def decide(command: CompleteSync, run: NotRun | Completed) -> Sequence[SyncCompleted]:
    """Record the outcome once."""
    if isinstance(run, Completed):
        raise Refused("sync_completed", "This sync run was completed already.")
    return [command.outcome]


SYNC_RUN: Decider[NotRun | Completed, CompleteSync, SyncCompleted] = Decider(
    category="sync_run",
    events=(SyncCompleted,),
    initial=NotRun(),
    evolve=evolve,
    decide=decide,
)
