"""The views of issues and activities against plain arithmetic on the events, on both axes."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from application.handling import Request
from domain.activity import (
    ACTIVITY,
    Activity,
    ActivityRecorded,
    CompleteActivity,
    InvoicesTagged,
    InvoicesUntagged,
    ReassignActivity,
    RecordActivity,
    Recorded,
    ReopenActivity,
    Tag,
    TagInvoices,
    UntagInvoices,
    WithdrawActivity,
)
from domain.activity_type import ACTIVITY_TYPE, ActivityTypeDocument, DefineActivityType
from domain.follow_up import CompleteFollowUp, SetFollowUp
from domain.issue import (
    ISSUE,
    IssueOpened,
    OpenIssue,
    ReassignIssue,
    ReopenIssue,
    Resolved,
    ResolveIssue,
    Resolver,
)
from domain.scheduling import FollowUp, past_due
from domain.shared.facts import AccountFacts, DocumentFacts, IssueFacts, UserFacts
from domain.shared.standard_type import STANDARD_NAMES, StandardType
from domain.site_options import SiteOptions
from domain.working_days import WorkCalendar
from eventstore.postgres import PostgresLog
from projections.activities import ACTIVITIES
from projections.activity_type_view import ACTIVITY_TYPE_VIEW
from projections.activity_view import ACTIVITY_TAG_VIEW, ACTIVITY_VIEW
from projections.issue_view import ISSUE_INVOICE_VIEW, ISSUE_VIEW
from projections.issues import ISSUES
from projections.view import Asked
from runtime.database import Database
from runtime.tenants import Tenant
from tests.histories import day
from tests.projections.ledger import request, streams
from tests.projections.running import append, fold
from tests.projections.test_folds import Tables, recorded
from tests.projections.test_views import Records, ask, only

ACCOUNT = AccountFacts("1", "A", None)
USER = UserFacts("x", "credit_user", None, active=True)
DAYS = 40
IDS = ("1", "2", "3", "4")


def named(rng: random.Random) -> tuple[tuple[str, ...], tuple[DocumentFacts, ...]]:
    """Some invoices, and what is open of each."""
    tran_ids = tuple(rng.sample(["I1", "I2", "I3"], rng.randrange(4)))
    documents: list[DocumentFacts] = []
    for one in tran_ids:
        amounts = [Decimal(rng.randrange(9_000)) / 100] * 4
        on = day(0)
        documents.append(DocumentFacts("1", one, "A", "IN", on, on, "EUR", "EUR", *amounts, None))
    return tran_ids, tuple(documents)


def issue_request(rng: random.Random, today: date) -> Request:
    """A command to one of a few issues."""
    issue_id = rng.choice(IDS)
    tran_ids, documents = named(rng)
    opening = OpenIssue(
        issue_id, "1", "A", "call", today, tran_ids=tran_ids, account=ACCOUNT, documents=documents
    )
    commands = [
        opening,
        opening,
        ReassignIssue(rng.choice("xy"), USER, hand_back=True),
        ResolveIssue(today, rng.choice(list(Resolver)), resolution=rng.choice((None, "Paid."))),
        ReopenIssue(),
    ]
    return request(ISSUE, (issue_id,), rng.choice(commands))


def activity_request(rng: random.Random, today: date) -> Request:
    """A command to one of a few activities."""
    activity_id = rng.choice(IDS)
    tran_ids, documents = named(rng)
    follow_up = FollowUp(
        rng.choice((None, today, today + timedelta(rng.randrange(9)))),
        days_to_respond=rng.choice((None, 0, 4)),
        duration_minutes=rng.choice((None, 30)),
    )
    recording = RecordActivity(
        activity_id,
        "1",
        "A",
        rng.choice(("Phone", "Phone", "EmailSend")),
        today,
        issue_id=rng.choice((None, *IDS)),
        due_on=rng.choice((None, today + timedelta(rng.randrange(9)))),
        tran_ids=tran_ids,
        follow_up=follow_up,
        account=ACCOUNT,
        issue=IssueFacts("1", "A"),
        documents=documents,
    )
    commands = [
        recording,
        recording,
        CompleteActivity(today, successful=None),
        ReopenActivity(),
        ReassignActivity(rng.choice("xy"), USER, hand_back=True),
        TagInvoices(tran_ids, today, documents),
        UntagInvoices(tran_ids[:1]),
        SetFollowUp(follow_up, today),
        CompleteFollowUp(today),
        WithdrawActivity(today, "It was paid."),
    ]
    command = rng.choice(commands)
    return request(ACTIVITY, (activity_id,), command)


def number(position: int) -> str:
    """A number as people write it."""
    return f"{position:010}"


def tags_of(events: Sequence[Any]) -> dict[str, tuple[date, Tag]]:
    """The tags that some events lead to."""
    tags: dict[str, tuple[date, Tag]] = {}
    for event in events:
        match event:
            case InvoicesTagged(tagged_on, new):
                tags |= {tag.tran_id: (tagged_on, tag) for tag in new}
            case InvoicesUntagged(tran_ids):
                tags = {key: tag for key, tag in tags.items() if key not in tran_ids}
            case _:
                pass
    return tags


def activity_plainly(activity: Recorded, position: int, as_of: date) -> dict[str, Any]:
    """The derived fields of an activity on a date, but for its tags."""
    begun, done = activity.recorded, activity.completed
    follow_up, followed_up = activity.follow_up, activity.followed_up
    respond_by, minutes = begun.respond_by, begun.duration_minutes
    if follow_up is not None:
        respond_by, minutes = follow_up.respond_by, follow_up.duration_minutes
        if follow_up.entered_on > as_of:
            follow_up = respond_by = minutes = None
    done = done if done is not None and done.completed_on <= as_of else None
    if follow_up is None or followed_up is None or followed_up.completed_on > as_of:
        followed_up = None
    withdrawn = activity.withdrawn
    if withdrawn is not None and withdrawn.withdrawn_on > as_of:
        withdrawn = None
    is_open = done is None and withdrawn is None
    late = begun.due_on is not None and past_due(begun.due_on, as_of, days_counted=False)
    if activity.follow_up is None and begun.respond_by is not None:
        late |= past_due(begun.respond_by, as_of, days_counted=begun.days_counted is True)
    phone = None
    if begun.standard_type is StandardType.PHONE:
        phone = "RED" if late else "BLUE"
        if done is not None:
            phone = "GREEN" if done.successful else "RED"
        elif withdrawn is not None:
            phone = None
    indicator, to_follow_up = None, False
    if follow_up is not None:
        to_follow_up = followed_up is None and withdrawn is None
        if to_follow_up:
            indicator = "BLUE"
            if past_due(follow_up.respond_by, as_of, days_counted=follow_up.days_counted is True):
                indicator = "RED"
        elif followed_up is not None:
            indicator = "GREEN"
    return {
        "withdrawn": withdrawn is not None,
        "withdrawn_on": withdrawn and withdrawn.withdrawn_on,
        "withdrawn_reason": withdrawn and withdrawn.reason,
        "open": is_open,
        "past_due": is_open and late,
        "follow_up_open": to_follow_up,
        "follow_up_past_due": indicator == "RED",
        "follow_up_user_id": follow_up and (follow_up.user_id or activity.assigned_user_id),
        "activity_no": position,
        "activity_number": number(position),
        "assigned_user_id": activity.assigned_user_id,
        "entered_on": begun.entered_on,
        "date_entered_days": (as_of - begun.entered_on).days,
        "due_on_days": None if begun.due_on is None else (as_of - begun.due_on).days,
        "activity_complete": done is not None,
        "completed_on": done and done.completed_on,
        "successful": done and done.successful,
        "phone_indicator": phone,
        "follow_up_on": follow_up and follow_up.follow_up_on,
        "follow_up_date_days": follow_up and (as_of - follow_up.follow_up_on).days,
        "follow_up_entered_on": follow_up and follow_up.entered_on,
        "follow_up_completed_on": followed_up and followed_up.completed_on,
        "follow_up_indicator": indicator,
        "follow_up_late": followed_up is not None
        and follow_up is not None
        and followed_up.completed_on > follow_up.respond_by,
        "respond_by": respond_by,
        "respond_due_days": None if respond_by is None else (respond_by - as_of).days,
        "duration_minutes": minutes,
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_every_derived_field_agrees_with_plain_arithmetic_on_both_axes(
    database: Database, tenant: Tenant, seed: int
) -> None:
    rng = random.Random(seed)
    for on in range(0, DAYS, 2):
        requests = [make(rng, day(on)) for make in (issue_request, activity_request) * 3]
        append(database, tenant, *requests)
    fold(database, tenant)
    with database.pool("app", size=1) as pool:
        events = PostgresLog(pool, tenant.id).page(0, 10_000)
    positions = {one.stream: one.position for one in reversed(events)}
    compared = 0
    moments = [None, None, *rng.sample(sorted({one.recorded_at for one in events}), 6)]
    for known_at in moments:
        as_of = day(rng.randrange(DAYS + 10))
        asked = Asked(tenant.id, SiteOptions(), as_of, in_past=True, known_at=known_at)
        told = streams(events, known_at)
        activities: dict[str, Recorded] = {}
        expected: Records = {}
        tagged: Records = {}
        for name, history in told.items():
            activity: Activity = ACTIVITY.replay(history) if name.startswith("activity/") else None
            if not isinstance(activity, Recorded) or activity.recorded.entered_on > as_of:
                continue
            activities[name] = activity
            key = (activity.recorded.activity_id,)
            tags = {one: tag for one, tag in tags_of(history).items() if tag[0] <= as_of}
            expected[key] = activity_plainly(activity, positions[name], as_of) | {
                "is_tagged": bool(tags),
                "tagged_amt_hc": sum(tag.balance_hc for _, tag in tags.values()) if tags else None,
                "home_curr_id": "EUR" if tags else None,
            }
            tagged |= {
                (*key, "1", one): {"tagged_on": on, "balance_hc": tag.balance_hc}
                for one, (on, tag) in tags.items()
            }
        found = ask(database, ACTIVITY_VIEW, asked)
        assert {key: only(one, expected[key]) for key, one in found.items()} == expected
        tag_rows = ask(database, ACTIVITY_TAG_VIEW, asked)
        assert {key: only(one, tagged[key]) for key, one in tag_rows.items()} == tagged

        issues = issues_plainly(told, positions, activities, as_of)
        found = ask(database, ISSUE_VIEW, asked)
        assert {key: only(one, issues[key]) for key, one in found.items()} == issues
        compared += len(expected) + len(tagged) + len(issues)
    assert compared > 40


def issues_plainly(
    told: dict[str, list[Any]],
    positions: dict[str, int],
    activities: dict[str, Recorded],
    as_of: date,
) -> Records:
    """The derived fields of issues on a date."""
    found: Records = {}
    for name, history in told.items():
        if not name.startswith("issue/") or history[0].opened_on > as_of:
            continue
        issue = ISSUE.replay(history)
        assert not isinstance(issue, type(ISSUE.initial))
        resolved = issue.resolved if isinstance(issue, Resolved) else None
        if resolved is not None and resolved.resolved_on > as_of:
            resolved = None
        own = [one for one in activities.values() if one.recorded.issue_id == name[6:]]
        found[(name[6:],)] = {
            "issue_no": positions[name],
            "issue_number": number(positions[name]),
            "assigned_user_id": issue.assigned_user_id,
            "opened_on": issue.opened.opened_on,
            "resolved": resolved is not None,
            "resolved_on": resolved and resolved.resolved_on,
            "resolved_by": resolved and resolved.resolved_by.value,
            "resolution": resolved and resolved.resolution,
            "open_activity_count": sum(
                1
                for one in own
                if (one.completed is None or one.completed.completed_on > as_of)
                and (one.withdrawn is None or one.withdrawn.withdrawn_on > as_of)
            ),
        }
    return found


def carried_out(database: Database, tenant: Tenant, *requests: Request) -> None:
    """Carry out commands and fold what they lead to."""
    append(database, tenant, *requests)
    fold(database, tenant)


def calling(
    today: date, activity_id: str = "a", follow_up: FollowUp | None = None, **others: Any
) -> Request:
    """The request to record a call."""
    command = RecordActivity(
        activity_id,
        "1",
        "A",
        "Phone",
        today,
        account=ACCOUNT,
        follow_up=follow_up or FollowUp(),
        **others,
    )
    return request(ACTIVITY, (activity_id,), command)


def fields(database: Database, tenant: Tenant, as_of: date, *names: str) -> list[Any]:
    """Some fields of the one activity on a date."""
    (found,) = ask(database, ACTIVITY_VIEW, Asked(tenant.id, SiteOptions(), as_of), names).values()
    return [found[name] for name in names]


def test_v8_an_activity_due_on_15_january_is_112_days_late_on_7_may(
    database: Database, tenant: Tenant
) -> None:
    carried_out(database, tenant, calling(date(2014, 1, 10), due_on=date(2014, 1, 15)))
    assert fields(database, tenant, date(2014, 5, 7), "due_on_days", "phone_indicator") == [
        112,
        "RED",
    ]
    assert fields(database, tenant, date(2014, 1, 15), "due_on_days", "phone_indicator") == [
        0,
        "BLUE",
    ]


def test_v13_two_days_are_left_on_3_january_to_respond_by_the_5th(
    database: Database, tenant: Tenant
) -> None:
    first = date(2015, 1, 1)
    follow_up = FollowUp(first, days_to_respond=4)
    carried_out(database, tenant, calling(first, follow_up=follow_up))
    names = ("respond_by", "respond_due_days", "follow_up_date_days", "follow_up_indicator")
    assert fields(database, tenant, date(2015, 1, 3), *names) == [date(2015, 1, 5), 2, 2, "BLUE"]
    assert fields(database, tenant, date(2015, 1, 4), *names)[1:] == [1, 3, "BLUE"]
    assert fields(database, tenant, date(2015, 1, 5), *names)[1:] == [0, 4, "RED"]
    assert fields(database, tenant, date(2015, 1, 6), *names)[1:] == [-1, 5, "RED"]


def test_without_days_to_respond_a_follow_up_is_past_due_the_day_after(
    database: Database, tenant: Tenant
) -> None:
    first = date(2015, 1, 1)
    follow_up = FollowUp(first, days_to_respond=0)
    carried_out(database, tenant, calling(first, follow_up=follow_up))
    assert fields(database, tenant, first, "follow_up_indicator") == ["BLUE"]
    assert fields(database, tenant, date(2015, 1, 2), "follow_up_indicator") == ["RED"]


@pytest.mark.parametrize("days", [None, 1, 3])
@pytest.mark.parametrize("followed_up", [True, False])
def test_past_due_in_sql_is_past_due_in_the_domain(
    database: Database, tenant: Tenant, days: int | None, followed_up: bool
) -> None:
    first = date(2015, 1, 9)
    told = FollowUp(first if followed_up else None, days_to_respond=days)
    made = calling(first, follow_up=told, due_on=None if days or followed_up else first)
    carried_out(database, tenant, made)
    names = ("past_due", "follow_up_past_due", "phone_indicator", "follow_up_indicator")
    due = first + timedelta(days or 0)
    for as_of in (max(first, due + timedelta(around)) for around in (-1, 0, 1)):
        late = past_due(due, as_of, days_counted=bool(days))
        color = "RED" if late else "BLUE"
        expected = [False, late, "BLUE", color] if followed_up else [late, False, color, None]
        assert fields(database, tenant, as_of, *names) == expected


def test_v14_it_is_late_on_12_january_or_with_weekends_off_on_the_14th(
    database: Database, tenant: Tenant
) -> None:
    friday, told = date(2015, 1, 9), FollowUp(days_to_respond=3)
    office = WorkCalendar(weekend=(6, 7))
    carried_out(database, tenant, calling(friday, follow_up=told))
    lates = [fields(database, tenant, date(2015, 1, day), "past_due") for day in (11, 12)]
    assert lates == [[False], [True]]
    carried_out(database, tenant, calling(friday, "b", told, calendar=office))
    asked = [Asked(tenant.id, SiteOptions(), date(2015, 1, day)) for day in (13, 14)]
    found = [ask(database, ACTIVITY_VIEW, one, ("past_due",))[("b",)] for one in asked]
    assert [one["past_due"] for one in found] == [False, True]


def test_what_is_withdrawn_is_neither_open_nor_complete_and_its_follow_up_ends(
    database: Database, tenant: Tenant
) -> None:
    first = date(2015, 1, 9)
    carried_out(database, tenant, calling(first, follow_up=FollowUp(first)))
    withdrawing = WithdrawActivity(first + timedelta(3), "It was paid.")
    carried_out(database, tenant, request(ACTIVITY, ("a",), withdrawing))
    names = ("open", "activity_complete", "withdrawn_reason", "follow_up_indicator")
    before, then = first + timedelta(2), first + timedelta(3)
    assert fields(database, tenant, before, *names) == [True, False, None, "RED"]
    assert fields(database, tenant, then, *names) == [False, False, "It was paid.", None]


@pytest.mark.parametrize(("after", "late"), [(4, False), (5, True)])
def test_a_follow_up_that_is_completed_is_green_with_a_mark_if_late(
    database: Database, tenant: Tenant, after: int, late: bool
) -> None:
    first = date(2015, 1, 1)
    done = first + timedelta(after)
    follow_up = FollowUp(first, days_to_respond=4)
    carried_out(database, tenant, calling(first, follow_up=follow_up))
    carried_out(database, tenant, request(ACTIVITY, ("a",), CompleteFollowUp(done)))
    names = ("follow_up_indicator", "follow_up_late")
    assert fields(database, tenant, done, *names) == ["GREEN", late]
    before = done - timedelta(1)
    assert fields(database, tenant, before, *names) == ["RED" if late else "BLUE", False]


def test_amounts_tagged_in_several_home_currencies_have_no_sum(
    database: Database, tenant: Tenant
) -> None:
    def document(tran_id: str, home_curr_id: str) -> DocumentFacts:
        amounts, on = [Decimal(7)] * 4, day(0)
        return DocumentFacts("1", tran_id, "A", "IN", on, on, "GBP", home_curr_id, *amounts, None)

    names = ("is_tagged", "tagged_amt_hc", "home_curr_id")
    carried_out(database, tenant, calling(day(0)))
    assert fields(database, tenant, day(0), *names) == [False, None, None]
    for tran_id, currency, expected in (
        ("I1", "EUR", [True, 7, "EUR"]),
        ("I2", "EUR", [True, 14, "EUR"]),
        ("I3", "USD", [True, None, None]),
    ):
        command = TagInvoices((tran_id,), day(0), (document(tran_id, currency),))
        carried_out(database, tenant, request(ACTIVITY, ("a",), command))
        assert fields(database, tenant, day(0), *names) == expected


def test_the_documents_of_an_issue_are_told_with_it(database: Database, tenant: Tenant) -> None:
    on = day(0)
    amounts = [Decimal(1)] * 4
    document = DocumentFacts("1", "I1", "A", "IN", on, on, "EUR", "EUR", *amounts, None)
    command = OpenIssue(
        "i", "1", "A", "call", on, tran_ids=("I1",), account=ACCOUNT, documents=(document,)
    )
    carried_out(database, tenant, request(ISSUE, ("i",), command))
    for as_of, expected in ((on, [("i", "1", "I1")]), (on - timedelta(1), [])):
        asked = Asked(tenant.id, SiteOptions(), as_of, in_past=True)
        assert list(ask(database, ISSUE_INVOICE_VIEW, asked)) == expected


def defining(code: str, name: str, priority: int | None = None) -> Request:
    """The request to define a type of phone calls."""
    document = ActivityTypeDocument(code, StandardType.PHONE, name, priority)
    return request(ACTIVITY_TYPE, (code,), DefineActivityType(document))


def test_the_standard_types_are_there_until_they_are_defined_otherwise(
    database: Database, tenant: Tenant
) -> None:
    def types(known_at: datetime | None = None) -> dict[str, tuple[Any, ...]]:
        asked = Asked(tenant.id, SiteOptions(), day(0), known_at=known_at)
        return {
            one["code"]: (one["standard_type"], one["standard"], one["name"], one["priority"])
            for one in ask(database, ACTIVITY_TYPE_VIEW, asked).values()
        }

    standard = {code.value: (code.value, True, name, None) for code, name in STANDARD_NAMES.items()}
    assert types() == standard
    carried_out(database, tenant, defining("Call2", "Second call", 2))
    carried_out(database, tenant, defining("Phone", "Ring them", 1))
    assert types() == standard | {
        "Call2": ("Phone", False, "Second call", 2),
        "Phone": ("Phone", True, "Ring them", 1),
    }
    with database.pool("app", size=1) as pool:
        first, second = PostgresLog(pool, tenant.id).page(0, 10)
    assert types(first.recorded_at) == standard | {"Call2": ("Phone", False, "Second call", 2)}
    assert types(second.recorded_at) == types()


def test_an_event_about_what_was_never_told_of_cannot_be_folded() -> None:
    history = ACTIVITY.decide(calling(day(0), complete=True).command, ACTIVITY.initial)
    with pytest.raises(LookupError, match="activity/a was not recorded"):
        Tables(ACTIVITIES).take(recorded([[("activity/a", history[1])]]))
    opened = IssueOpened("i", "1", "A", "call", day(0))
    resolved = ISSUE.decide(ResolveIssue(day(0), Resolver.USER), ISSUE.replay([opened]))
    with pytest.raises(LookupError, match="issue/i was not opened"):
        Tables(ISSUES).take(recorded([[("issue/i", resolved[0])]]))


def test_a_result_takes_the_place_of_the_note_and_its_neighbour_stays() -> None:
    def told(activity_id: str) -> ActivityRecorded:
        return ActivityRecorded(
            activity_id, "1", "A", "Phone", StandardType.PHONE, day(0), note="Ring them."
        )

    done = CompleteActivity(day(1), note="Will pay.", successful=True)
    completed = ACTIVITY.decide(done, ACTIVITY.replay([told("a")]))
    tables = Tables(ACTIVITIES)
    tables.take(
        recorded(
            [
                [("activity/a", told("a")), ("activity/b", told("b"))],
                [("activity/a", completed[0])],
            ]
        )
    )
    rows = [ACTIVITIES.tables[0].row(*values) for values in tables.live[0]]
    assert {
        (row.activity_id, row.activity_no, row.note, row.completed_on, row.successful)  # type: ignore[attr-defined]
        for row in rows
    } == {("a", 1, "Will pay.", day(1), True), ("b", 2, "Ring them.", None, None)}
