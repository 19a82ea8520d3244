"""Read model: on which days people work, of the site and of companies that differ from it."""

from datetime import datetime
from typing import Any, cast

import msgspec
from msgspec import Struct

from domain.shared.streams import stream_key
from domain.work_calendar import WorkCalendarCleared, WorkCalendarSet, key_of
from domain.working_days import WorkCalendar
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream
from projections.query import Query, as_known, sql


class WorkCalendarRow(Row, frozen=True, array_like=True, gc=False):
    """A calendar as known; `scope` is its stream's key.

    `calendar` is the JSON of `WorkCalendar`; None once it was cleared.
    """

    tenant: int
    scope: str
    company_id: str | None
    calendar: str | None
    known_from: datetime


class WorkCalendarState(Struct, gc=False):
    """A calendar while its events are folded; None once it was cleared."""

    scope: str
    company_id: str | None
    calendar: WorkCalendar | None


def scope_of(company_id: str | None) -> str:
    """Return what tells calendars apart."""
    return "/".join(key_of(company_id))


def evolve(state: WorkCalendarState | None, recorded: Recorded) -> WorkCalendarState:
    """Remember the newest calendar."""
    match recorded.event:
        case WorkCalendarSet(calendar, company_id):
            return WorkCalendarState(scope_of(company_id), company_id, calendar)
        case WorkCalendarCleared() if state is not None:
            return WorkCalendarState(state.scope, state.company_id, None)
        case _:
            raise LookupError(f"{recorded.stream} was not set.")


def rows(state: WorkCalendarState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the calendar's row."""
    told = None if state.calendar is None else msgspec.json.encode(state.calendar).decode()
    return ((WorkCalendarRow(tenant, state.scope, state.company_id, told, known_from),),)


def restore(stored: EntityRows) -> WorkCalendarState:
    """Return the calendar of a stored row."""
    row = cast("WorkCalendarRow", stored[0][0])
    calendar = None if row.calendar is None else decoded(row.calendar)
    return WorkCalendarState(row.scope, row.company_id, calendar)


def decoded(calendar: str) -> WorkCalendar:
    """Return the calendar of a stored row."""
    return msgspec.json.decode(calendar, type=WorkCalendar)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return whose calendar an event is about."""
    return ("/".join(stream_key(recorded.stream)),)


_TABLE = Table("work_calendars", WorkCalendarRow, ("scope",), ("scope",))

WORK_CALENDARS: ReadModel[Any, WorkCalendarState] = ReadModel(
    name="work_calendars",
    tables=(_TABLE,),
    handles=(WorkCalendarSet, WorkCalendarCleared),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)


class KnownCalendar(Struct, frozen=True):
    """A calendar that is set; of the site where no company is named."""

    company_id: str | None
    calendar: WorkCalendar


def _known(company_id: str | None, calendar: str) -> KnownCalendar:
    return KnownCalendar(company_id, decoded(calendar))


def set_calendars(tenant: int, known_at: datetime | None) -> Query[KnownCalendar]:
    """Return the question for the calendars that are set: the site's, then companies' by id."""
    known = _TABLE.name if known_at is None else f"({as_known(_TABLE)})"
    return Query(
        sql(
            f"SELECT company_id, calendar FROM {known} x WHERE tenant = %(tenant)s"
            " AND calendar IS NOT NULL ORDER BY company_id NULLS FIRST"
        ),
        {"tenant": tenant, "known_at": known_at},
        _known,
    )
