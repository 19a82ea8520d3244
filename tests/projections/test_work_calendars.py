"""Work calendars as known, at any moment."""

import pytest

from domain.work_calendar import (
    WORK_CALENDAR,
    ClearWorkCalendar,
    SetWorkCalendar,
    WorkCalendarCleared,
    key_of,
)
from domain.working_days import DayOff, WorkCalendar
from eventstore.postgres import PostgresLog
from projections.query import fetch
from projections.work_calendars import WORK_CALENDARS, KnownCalendar, set_calendars
from runtime.database import Database
from runtime.tenants import Tenant
from tests.histories import day
from tests.projections.ledger import request
from tests.projections.running import append, fold
from tests.projections.test_folds import Tables, recorded

OFFICE = WorkCalendar(weekend=(6, 7), country="DE", days_off=(DayOff(day(9), "Outing"),))
SUNDAYS = WorkCalendar(weekend=(7,))


def test_a_company_s_calendar_is_cleared_and_the_site_s_stays(
    database: Database, tenant: Tenant
) -> None:
    """At each moment what was known then is told; a company may be called as the site is."""
    of_site = SetWorkCalendar(OFFICE, day(0))
    of_company = SetWorkCalendar(SUNDAYS, day(0), "site", company_known=True)
    append(
        database,
        tenant,
        request(WORK_CALENDAR, key_of("site"), of_company),
        request(WORK_CALENDAR, key_of(None), of_site),
    )
    append(database, tenant, request(WORK_CALENDAR, key_of("site"), ClearWorkCalendar()))
    fold(database, tenant)
    both = [KnownCalendar(None, OFFICE), KnownCalendar("site", SUNDAYS)]
    with database.pool("app", size=1) as pool:
        events = PostgresLog(pool, tenant.id).page(0, 10)
    with database.connect("worker") as connection:
        assert fetch(connection, set_calendars(tenant.id, None)) == both[:1]
        known = set_calendars(tenant.id, events[-1].recorded_at)
        connection.execute("SET search_path = read_models")
        assert fetch(connection, known) == both[:1]
        assert fetch(connection, set_calendars(tenant.id, events[0].recorded_at)) == both
    append(database, tenant, request(WORK_CALENDAR, key_of("site"), of_company))
    fold(database, tenant)
    with database.connect("worker") as connection:
        assert fetch(connection, set_calendars(tenant.id, None)) == both


def test_what_was_never_set_cannot_be_cleared() -> None:
    with pytest.raises(LookupError, match="work_calendar/site was not set"):
        Tables(WORK_CALENDARS).take(recorded([[("work_calendar/site", WorkCalendarCleared())]]))
