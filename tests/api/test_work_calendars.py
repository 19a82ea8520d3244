"""Work calendars over the API, what they mean for work, and calendars of follow-ups."""

from datetime import date, timedelta
from typing import Any

import pytest

from runtime.clock import business_date, now
from tests.api.conftest import Client
from tests.api.test_users import errors, register

FIELDS = "companyId weekend country subdivision daysOff {on name} workingDays"
SET = f"""mutation($input: SetWorkCalendarInput!) {{setWorkCalendar(input: $input) {{
    workCalendar {{{FIELDS}}} userErrors {{code field}} position}}}}"""
CLEAR = """mutation($input: ClearWorkCalendarInput!) {clearWorkCalendar(input: $input) {
    workCalendar {companyId weekend} userErrors {code field} position}}"""
ALL = "{workCalendars {companyId weekend}}"
IN_FORCE = "query($companyId: String) {workCalendar(companyId: $companyId) {companyId weekend}}"
DAYS = """query($from: Date!, $to: Date!) {workCalendar {
    nonWorkingDays(from: $from, to: $to) {on name}}}"""
RECORD = """mutation($input: RecordActivityInput!) {recordActivity(input: $input) {
    activity {activityId dueOn followUpOn respondBy followUpUserId followUpUser {name}}
    userErrors {code field} position}}"""
FOLLOW_UPS = """query($userId: String!, $from: Date!, $to: Date!, $done: Boolean! = false) {
    followUps(userId: $userId, from: $from, to: $to, done: $done) {
        on dayOff activities {activityId followUpDesc followUpIndicator account {custName}}}}"""
OFFICE = {"weekend": [6, 7]}


@pytest.fixture
def today() -> date:
    """The business date of now in the site's time zone."""
    return business_date(now(), "UTC")


def set_calendar(client: Client, **given: Any) -> dict[str, Any]:
    return client.ask(SET, input=given)["setWorkCalendar"]


def record(client: Client, **given: Any) -> dict[str, Any]:
    key = {"companyId": "1", "custId": "ACME", "activityType": "Phone"}
    return client.ask(RECORD, input=key | given)["recordActivity"]


def next_saturday(today: date) -> date:
    """A Saturday on which the work of tests can be scheduled."""
    return today + timedelta((5 - today.weekday()) % 7 + 7)


def test_the_site_has_a_calendar_and_a_company_one_of_its_own(admin: Client) -> None:
    everything = {
        "weekend": [7],
        "country": "DE",
        "subdivision": "BY",
        "daysOff": [{"on": "2026-12-24", "name": "Christmas Eve"}],
        "workingDays": ["2026-11-01"],
    }
    assert admin.ask(ALL) == {"workCalendars": []}
    assert admin.ask(IN_FORCE) == {"workCalendar": {"companyId": None, "weekend": []}}
    told = set_calendar(admin, **OFFICE)
    assert (errors(told), told["workCalendar"]["weekend"]) == ([], [6, 7])
    told = set_calendar(admin, companyId="1", **everything)
    assert told["workCalendar"] == {"companyId": "1", **everything}
    site, company = {"companyId": None, "weekend": [6, 7]}, {"companyId": "1", "weekend": [7]}
    assert admin.ask(ALL) == {"workCalendars": [site, company]}
    assert admin.ask(IN_FORCE, companyId="1") == {"workCalendar": company}
    assert admin.ask(IN_FORCE, companyId="2") == {"workCalendar": site}
    told = admin.ask(CLEAR, input={"companyId": "1"})["clearWorkCalendar"]
    assert (errors(told), told["workCalendar"]) == ([], site)
    told = admin.ask(CLEAR, input={})["clearWorkCalendar"]
    assert told["workCalendar"] == {"companyId": None, "weekend": []}
    assert admin.ask(ALL) == {"workCalendars": []}


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"weekend": [1, 2, 3, 4, 5, 6, 7]}, "calendar_never_works", "weekend"),
        ({"country": "XX"}, "country_unknown", "country"),
        ({"companyId": "9", **OFFICE}, "company_unknown", "companyId"),
    ],
)
def test_what_is_no_calendar_is_refused(
    admin: Client, given: dict[str, Any], code: str, field: str
) -> None:
    told = set_calendar(admin, **given)
    assert (errors(told), told["workCalendar"]) == ([(code, field)], None)
    assert admin.ask(ALL) == {"workCalendars": []}


def test_days_on_which_nobody_works_are_told_for_two_years_at_most(admin: Client) -> None:
    set_calendar(admin, **OFFICE, country="DE")
    told = admin.ask(DAYS, **{"from": "2026-05-01", "to": "2026-05-03"})
    assert told["workCalendar"]["nonWorkingDays"] == [
        {"on": "2026-05-01", "name": "Labor Day"},
        {"on": "2026-05-02", "name": "Weekend"},
        {"on": "2026-05-03", "name": "Weekend"},
    ]
    for last in ("2026-04-30", "2028-05-02"):
        code, _ = admin.error(DAYS, **{"from": "2026-05-01", "to": last})
        assert code == "BAD_USER_INPUT"


def test_work_is_scheduled_on_working_days_of_the_company(admin: Client, today: date) -> None:
    """Nothing on a Saturday; three working days after it is Thursday (FUP-05, FUP-11, FUP-12)."""
    saturday = next_saturday(today)
    monday, thursday = saturday + timedelta(2), saturday + timedelta(5)
    given = {
        "dueOn": saturday.isoformat(),
        "followUpOn": saturday.isoformat(),
        "daysToRespond": 3,
    }
    plain = record(admin, **given)["activity"]
    assert (plain["dueOn"], plain["followUpOn"]) == (saturday.isoformat(),) * 2
    set_calendar(admin, companyId="1", **OFFICE)
    moved = record(admin, **given)["activity"]
    assert (moved["dueOn"], moved["followUpOn"]) == (monday.isoformat(),) * 2
    assert moved["respondBy"] == thursday.isoformat()


def test_what_a_user_follows_up_is_told_day_by_day(admin: Client, today: date) -> None:
    """Dana follows up what is assigned to her, and what she was named for (FUP-13, FUP-17)."""
    set_calendar(admin, **OFFICE)
    for user_id in ("dana", "eve"):
        register(admin, user_id)
    friday = next_saturday(today) - timedelta(1)
    on = {"followUpOn": friday.isoformat()}
    own = record(admin, **on, assignedUserId="dana", followUpDesc="Paid?")["activity"]
    named = record(admin, **on, assignedUserId="eve", followUpUserId="dana", priority=1)
    assert named["activity"]["followUpUserId"] == "dana"
    assert named["activity"]["followUpUser"] is not None
    record(admin, **on, assignedUserId="eve")
    unknown = record(admin, **on, followUpUserId="zoe")
    assert errors(unknown) == [("user_unknown", "followUpUserId")]
    asked = {"userId": "dana", "from": friday.isoformat()}
    asked["to"] = (friday + timedelta(1)).isoformat()
    first, second = admin.ask(FOLLOW_UPS, **asked)["followUps"]
    found = [(one["activityId"], one["followUpIndicator"]) for one in first["activities"]]
    assert (first["on"], first["dayOff"]) == (friday.isoformat(), None)
    assert found == [(named["activity"]["activityId"], "BLUE"), (own["activityId"], "BLUE")]
    assert second == {"on": asked["to"], "dayOff": "Weekend", "activities": []}
    complete = """mutation($input: CompleteFollowUpInput!) {completeFollowUp(input: $input) {
        position}}"""
    admin.ask(complete, input={"activityId": own["activityId"]})
    (first, _) = admin.ask(FOLLOW_UPS, **asked)["followUps"]
    assert len(first["activities"]) == 1
    (first, _) = admin.ask(FOLLOW_UPS, **asked, done=True)["followUps"]
    assert [one["followUpIndicator"] for one in first["activities"]] == ["BLUE", "GREEN"]
