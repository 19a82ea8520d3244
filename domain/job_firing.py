"""A job firing: one moment at which a job was due, and what became of it.

    NotFired --claim--> Claimed --complete--> Completed
                          | ^ ---fail-------> Failed
                          | |--claim later-------|

However many processes look for work, one claims it: the first event of its stream. A claim whose
process is gone is taken over, and a failure is tried again a few times, later each time; every job
does nothing twice, so that either is safe.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TypeAlias

from msgspec import Struct

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event

ATTEMPTS_MAX = 3
"""Attempts at most; what failed so often stays failed until somebody fires it by hand."""

RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=10))
"""How long after each failure it is tried again: one fewer than there are attempts."""

CUT_OFF = "Each of the processes that were at it ended before it was done."
"""Why what cuts its process off each time is given up."""

TEXT_CHARACTERS_MAX = 2_000


# Events: stored for ever under these names and fields. Add, never rename.


class JobFiringClaimed(Event, frozen=True, omit_defaults=True, gc=False):
    """A process began to do what a job is due for; `by_hand` if somebody asked for it.

    It is done once for each occasion.
    """

    job: str
    occasion: str
    due_at: datetime
    business_date: date
    attempt: int
    claimed_by: str
    by_hand: bool = False


class JobFiringCompleted(Event, frozen=True, omit_defaults=True, gc=False):
    """It was done; `summary` says in a sentence what that changed."""

    summary: str


class JobFiringFailed(Event, frozen=True, omit_defaults=True, gc=False):
    """It could not be done. If `final` it would fail again; else it is tried at `retry_at`."""

    reason: str
    final: bool = False
    retry_at: datetime | None = None


JobFiringEvent: TypeAlias = JobFiringClaimed | JobFiringCompleted | JobFiringFailed


# Commands.


class ClaimFiring(Struct, frozen=True, gc=False):
    """Begin to do it, `at` a moment. Who claims holds a lock that who claimed before has lost."""

    job: str
    occasion: str
    due_at: datetime
    business_date: date
    claimed_by: str
    at: datetime
    by_hand: bool = False


class CompleteFiring(Struct, frozen=True, gc=False):
    """Say what was done."""

    summary: str


class FailFiring(Struct, frozen=True, gc=False):
    """Say why it could not be done, `at` a moment."""

    reason: str
    at: datetime
    final: bool = False


JobFiringCommand: TypeAlias = ClaimFiring | CompleteFiring | FailFiring


# State: only what decisions need.


class NotFired(Struct, frozen=True):
    """Nobody has begun."""


class Claimed(Struct, frozen=True, gc=False):
    """Somebody is at it, or was when their process ended."""

    attempt: int


class Completed(Struct, frozen=True):
    """It is done."""


class Failed(Struct, frozen=True, gc=False):
    """It could not be done so far. If it is `final` it never will; else it is tried again then."""

    attempt: int
    final: bool
    retry_at: datetime | None


JobFiring: TypeAlias = NotFired | Claimed | Completed | Failed


def evolve(firing: JobFiring, event: JobFiringEvent) -> JobFiring:
    """Remember `event`."""
    match firing, event:
        case ((NotFired() | Claimed() | Failed()), JobFiringClaimed(attempt=attempt)):
            return Claimed(attempt)
        case Claimed(), JobFiringCompleted():
            return Completed()
        case Claimed(attempt), JobFiringFailed(final=final, retry_at=retry_at):
            return Failed(attempt, final or attempt >= ATTEMPTS_MAX, retry_at)
        case _:
            raise ImpossibleHistory(f"{event} after {firing}")


def decide(command: JobFiringCommand, firing: JobFiring) -> Sequence[JobFiringEvent]:
    """Return the facts that `command` adds."""
    match firing, command:
        case NotFired(), ClaimFiring():
            return [claimed(command, 1)]
        case Claimed(attempt), ClaimFiring():
            if attempt >= ATTEMPTS_MAX:
                return [JobFiringFailed(CUT_OFF, final=True)]
            return [claimed(command, attempt + 1)]
        case Failed(final=True), ClaimFiring():
            raise Refused("firing_given_up", "It failed for good, or too often.", "job")
        case Failed(attempt, retry_at=retry_at), ClaimFiring(at=at):
            if retry_at is not None and at < retry_at:
                raise Refused("firing_too_early", f"It is tried again at {retry_at}.", "job")
            return [claimed(command, attempt + 1)]
        case Completed(), ClaimFiring():
            raise Refused("firing_completed", "It is done already.", "job")
        case Claimed(), CompleteFiring(summary):
            return [JobFiringCompleted(summary[:TEXT_CHARACTERS_MAX])]
        case Claimed(attempt), FailFiring(reason, at, final):
            over = final or attempt >= ATTEMPTS_MAX
            retry_at = None if over else at + RETRY_AFTER[attempt - 1]
            return [JobFiringFailed(reason[:TEXT_CHARACTERS_MAX], final, retry_at)]
        case _:
            raise Refused("firing_not_claimed", "Nobody is at it.", "job")


def claimed(command: ClaimFiring, attempt: int) -> JobFiringClaimed:
    """Return the fact that a claim is."""
    return JobFiringClaimed(
        command.job,
        command.occasion,
        command.due_at,
        command.business_date,
        attempt,
        command.claimed_by,
        command.by_hand,
    )


def occasion_of(due_at: datetime) -> str:
    """Return what a job is fired once for, when it is due; by hand, each wish is one of its own."""
    return due_at.isoformat()


JOB_FIRING: Decider[JobFiring, JobFiringCommand, JobFiringEvent] = Decider(
    category="job_firing",
    events=(JobFiringClaimed, JobFiringCompleted, JobFiringFailed),
    initial=NotFired(),
    evolve=evolve,
    decide=decide,
)
