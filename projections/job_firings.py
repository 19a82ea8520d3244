"""Read model: the firings of jobs, and what became of each."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, cast

from msgspec import Struct

from domain.job_firing import (
    ATTEMPTS_MAX,
    JobFiringClaimed,
    JobFiringCompleted,
    JobFiringEvent,
    JobFiringFailed,
)
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream
from projections.query import Query, sql


class FiringState(StrEnum):
    """What became of a firing."""

    CLAIMED = "claimed"
    """A process is at it, or was when it ended."""
    COMPLETED = "completed"
    FAILED = "failed"
    """It failed, and is tried again."""
    GIVEN_UP = "given_up"
    """It failed for good, or too often."""


class JobFiringRow(Row, frozen=True, array_like=True, gc=False):
    """A firing; `told` is what was done, or why it could not be; then it is tried at `retry_at`."""

    tenant: int
    firing_id: str
    job: str
    occasion: str
    due_at: datetime
    business_date: date
    by_hand: bool
    state: str
    attempts: int
    claimed_by: str
    started_at: datetime
    ended_at: datetime | None
    told: str | None
    retry_at: datetime | None
    known_from: datetime


class FiringAtHand(Struct, gc=False):
    """A firing while its events are folded."""

    claimed: JobFiringClaimed
    started_at: datetime
    state: FiringState = FiringState.CLAIMED
    ended_at: datetime | None = None
    told: str | None = None
    retry_at: datetime | None = None


def evolve(state: FiringAtHand | None, recorded: Recorded) -> FiringAtHand:
    """Remember the newest claim and what became of it."""
    event = cast("JobFiringEvent", recorded.event)
    if isinstance(event, JobFiringClaimed):
        return FiringAtHand(event, recorded.recorded_at)
    if state is None:
        raise LookupError(f"{recorded.stream} was not claimed.")
    state.ended_at = recorded.recorded_at
    match event:
        case JobFiringCompleted(summary):
            state.state, state.told = FiringState.COMPLETED, summary
        case JobFiringFailed(reason, final, retry_at):
            ended = final or state.claimed.attempt >= ATTEMPTS_MAX
            state.state = FiringState.GIVEN_UP if ended else FiringState.FAILED
            state.told, state.retry_at = reason, retry_at
    return state


def rows(state: FiringAtHand, tenant: int, known_from: datetime) -> EntityRows:
    """Return the firing's row."""
    one = state.claimed
    row = JobFiringRow(
        tenant,
        firing_id(one.job, one.occasion),
        one.job,
        one.occasion,
        one.due_at,
        one.business_date,
        one.by_hand,
        state.state.value,
        one.attempt,
        one.claimed_by,
        state.started_at,
        state.ended_at,
        state.told,
        state.retry_at,
        known_from,
    )
    return ((row,),)


def restore(stored: EntityRows) -> FiringAtHand:
    """Return the state of a stored row."""
    row = cast("JobFiringRow", stored[0][0])
    claimed = JobFiringClaimed(
        row.job,
        row.occasion,
        row.due_at,
        row.business_date,
        row.attempts,
        row.claimed_by,
        row.by_hand,
    )
    state = FiringState(row.state)
    return FiringAtHand(claimed, row.started_at, state, row.ended_at, row.told, row.retry_at)


def firing_id(job: str, occasion: str) -> str:
    """Return what tells a firing from all others."""
    return f"{job}@{occasion}"


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the firing that an event is about."""
    return ("@".join(stream_key(recorded.stream)),)


_KEY = ("firing_id",)

JOB_FIRINGS: ReadModel[Any, FiringAtHand] = ReadModel(
    name="job_firings",
    tables=(Table("job_firings", JobFiringRow, _KEY, _KEY),),
    handles=(JobFiringClaimed, JobFiringCompleted, JobFiringFailed),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)

(_FIRINGS,) = JOB_FIRINGS.tables


def unfinished_firings(tenant: int) -> Query[JobFiringRow]:
    """Return the question for firings that are not over: claimed, or failed and to be retried."""
    statement = f"""
        SELECT {", ".join(_FIRINGS.columns)} FROM {_FIRINGS.name}
        WHERE tenant = %(tenant)s AND state IN ('claimed', 'failed') ORDER BY due_at, job"""
    return Query(sql(statement), {"tenant": tenant}, JobFiringRow)


def last_firings(tenant: int, *, by_hand: bool = False) -> Query[JobFiringRow]:
    """Return the question for the newest firing of each job, without those by hand, or with."""
    statement = f"""
        SELECT DISTINCT ON (job) {", ".join(_FIRINGS.columns)} FROM {_FIRINGS.name}
        WHERE tenant = %(tenant)s AND (%(by_hand)s OR NOT by_hand)
        ORDER BY job, due_at DESC"""
    return Query(sql(statement), {"tenant": tenant, "by_hand": by_hand}, JobFiringRow)


def firing_of(tenant: int, job: str, occasion: str) -> Query[JobFiringRow]:
    """Return the question for one firing."""
    statement = f"""
        SELECT {", ".join(_FIRINGS.columns)} FROM {_FIRINGS.name}
        WHERE tenant = %(tenant)s AND firing_id = %(firing_id)s"""
    parameters = {"tenant": tenant, "firing_id": firing_id(job, occasion)}
    return Query(sql(statement), parameters, JobFiringRow)


def newest_firings(tenant: int, job: str | None, count: int) -> Query[JobFiringRow]:
    """Return the question for the newest firings, of all jobs or of one."""
    statement = f"""
        SELECT {", ".join(_FIRINGS.columns)} FROM {_FIRINGS.name}
        WHERE tenant = %(tenant)s AND (%(job)s::text IS NULL OR job = %(job)s)
        ORDER BY started_at DESC, job LIMIT %(count)s"""
    return Query(sql(statement), {"tenant": tenant, "job": job, "count": count}, JobFiringRow)


class FiringFigures(Struct, frozen=True):
    """Firings of all tenants of one kind in one state; seconds are those of the newest ones."""

    kind: str
    state: str
    count: int
    lag_seconds: float
    seconds: float
    oldest_seconds: float


def firing_figures() -> Query[FiringFigures]:
    """Return the question for figures of all firings, by kind of job and state."""
    statement = f"""
        SELECT split_part(job, '/', 1), state, count(*),
               coalesce((array_agg(extract(epoch FROM started_at - due_at)
                   ORDER BY started_at DESC))[1], 0)::float8,
               coalesce((array_agg(extract(epoch FROM ended_at - started_at)
                   ORDER BY started_at DESC))[1], 0)::float8,
               extract(epoch FROM clock_timestamp() - min(started_at))::float8
        FROM {_FIRINGS.name} GROUP BY 1, 2 ORDER BY 1, 2"""
    return Query(sql(statement), {}, FiringFigures)
