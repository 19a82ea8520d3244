"""Read model: rule runs, one for each class and business date (RULE-33)."""

from datetime import date, datetime
from typing import Any, cast

import msgspec

from domain.rule_run import RuleOutcome, RuleRunCompleted
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream
from projections.query import Query, sql


class RuleRunRow(Row, frozen=True, array_like=True, gc=False):
    """A rule run; `run_id` is its class and its date.

    `rules` says as JSON what each rule did, the counts are of all of them.
    """

    tenant: int
    run_id: str
    class_id: str
    business_date: date
    read_position: int
    created: int
    extended: int
    closed: int
    delayed: int
    held: int
    rules: str
    known_from: datetime


def evolve(state: RuleRunCompleted | None, recorded: Recorded) -> RuleRunCompleted:  # noqa: ARG001
    """Remember the last that was said of the run."""
    return cast("RuleRunCompleted", recorded.event)


def rows(state: RuleRunCompleted, tenant: int, known_from: datetime) -> EntityRows:
    """Return the run's row."""
    rules = state.rules
    row = RuleRunRow(
        tenant,
        run_id(state.class_id, state.business_date),
        state.class_id,
        state.business_date,
        state.read_position,
        sum(one.created for one in rules),
        sum(one.extended for one in rules),
        sum(one.closed for one in rules),
        sum(one.delayed for one in rules),
        sum(one.held for one in rules),
        msgspec.json.encode(rules).decode(),
        known_from,
    )
    return ((row,),)


def restore(stored: EntityRows) -> RuleRunCompleted:
    """Return what a stored row says."""
    row = cast("RuleRunRow", stored[0][0])
    return RuleRunCompleted(
        row.class_id, row.business_date, row.read_position, outcomes_of(row.rules)
    )


def outcomes_of(rules: str) -> tuple[RuleOutcome, ...]:
    """Return what each rule did, of a stored row."""
    return msgspec.json.decode(rules, type=tuple[RuleOutcome, ...])


def run_id(class_id: str, business_date: date) -> str:
    """Return what tells a run from all others."""
    return f"{class_id}/{business_date.isoformat()}"


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the run that an event is about."""
    event = cast("RuleRunCompleted", recorded.event)
    return (run_id(event.class_id, event.business_date),)


_KEY = ("run_id",)

RULE_RUNS: ReadModel[Any, RuleRunCompleted] = ReadModel(
    name="rule_runs",
    tables=(Table("rule_runs", RuleRunRow, _KEY, _KEY),),
    handles=(RuleRunCompleted,),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)

(_RUNS,) = RULE_RUNS.tables


def last_run(tenant: int, class_id: str) -> Query[date]:
    """Return the question for the last date for which the rules of a class ran, if they did."""
    statement = f"""SELECT business_date FROM {_RUNS.name}
        WHERE tenant = %(tenant)s AND class_id = %(class_id)s
        ORDER BY business_date DESC LIMIT 1"""
    return Query(sql(statement), {"tenant": tenant, "class_id": class_id}, _date)


def _date(business_date: date) -> date:
    return business_date


def run_of(tenant: int, class_id: str, business_date: date) -> Query[RuleRunRow]:
    """Return the question for the run of a class for a date, if there was one."""
    statement = f"""SELECT {", ".join(_RUNS.columns)} FROM {_RUNS.name}
        WHERE tenant = %(tenant)s AND run_id = %(run_id)s"""
    parameters = {"tenant": tenant, "run_id": run_id(class_id, business_date)}
    return Query(sql(statement), parameters, RuleRunRow)
