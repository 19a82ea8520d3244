"""The sample work: every kind of work is there, nothing is refused, and twice is once."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain.shared.decider import Refused
from domain.user import USER, RegisterUser, UserKind, UserProfile
from eventstore.codec import encode
from eventstore.postgres import PostgresLog, read_page
from examples.sample_work import Desk, carry_out_work, set_up_site
from examples.sample_work.carrying_out import carry_out, plan
from examples.sample_work.choosing import choose
from examples.sample_work.diary import Diary
from projections.view import Asked
from runtime.database import Database
from runtime.site import site_options
from runtime.tenants import Tenant, create_tenant
from tests.examples.sample import OWNER, TODAY, load_sample, work

COUNTS = {
    "AccountAssigned": 23,
    "AccountClassified": 24,
    "AccountNoteAdded": 12,
    "ActivityCompleted": 49,
    "ActivityRecorded": 61,
    "ActivityTypeDefined": 2,
    "ContactAdded": 12,
    "CreditClassDefined": 3,
    "CreditRated": 12,
    "DaysToRespondSet": 4,
    "DisputeClosed": 2,
    "DisputeOpened": 8,
    "ExpectedPaymentMissed": 1,
    "ExpectedPaymentRecorded": 25,
    "FollowUpCompleted": 12,
    "FollowUpSet": 24,
    "InvoiceNoteAdded": 12,
    "InvoiceReasonSet": 4,
    "InvoicesTagged": 46,
    "IssueOpened": 12,
    "IssueResolved": 3,
    "OnlinePaymentsAllowed": 16,
    "PaymentsScheduled": 4,
    "PendingPaymentReconciled": 6,
    "PendingPaymentRecorded": 14,
    "PersonalContactAdded": 2,
    "PromiseBroken": 5,
    "PromiseConfirmed": 2,
    "PromiseKept": 11,
    "PromiseReceiptCounted": 11,
    "PromiseWithdrawn": 2,
    "ReasonCodeDefined": 6,
    "SalesRepsSet": 3,
    "SiteOptionsChanged": 2,
    "UserActionRaised": 6,
    "WorkCalendarSet": 1,
    "UserFieldsSet": 18,
    "UserRegistered": 5,
}
"""The events of the work, of all kinds."""


@pytest.fixture(scope="module")
def worked(database: Database, tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, int]:
    """A desk at which everything is done, and the position at which the work began."""
    desk = load_sample(
        database,
        create_tenant(database, f"worked-{uuid4().hex}"),
        tmp_path_factory.mktemp("ledger"),
    )
    began = position(desk)
    assert work(desk) == position(desk) - began
    return desk, began


def position(desk: Desk) -> int:
    """The last position of the log."""
    with desk.database.pool("app", size=1) as pool:
        return PostgresLog(pool, desk.tenant.id).head().position


def events(desk: Desk, after: int) -> list[tuple[Any, ...]]:
    """What was recorded after a position: all but the moment and the run, and how it is sealed."""
    stored = rows(
        desk,
        "SELECT position, stream, version, type, effective_on, actor, cause"
        f" FROM events WHERE tenant = %(tenant)s AND position > {after} ORDER BY position",
    )
    with desk.database.connect("worker") as connection:
        told = read_page(connection, desk.tenant.id, after, len(stored) + 1)
    return [(*row[:4], encode(one.event), *row[4:]) for row, one in zip(stored, told, strict=True)]


def rows(desk: Desk, statement: str) -> Any:
    """The rows of a statement about the tenant."""
    with desk.database.connect("owner") as connection:
        return connection.execute(statement.encode(), {"tenant": desk.tenant.id}).fetchall()


def test_every_kind_of_work_is_there(worked: tuple[Desk, int]) -> None:
    desk, began = worked
    assert Counter(kind for _, _, _, kind, *_ in events(desk, began)) == COUNTS


def test_promises_were_kept_broken_missed_and_withdrawn_and_some_are_open(
    worked: tuple[Desk, int],
) -> None:
    desk, _ = worked
    statuses = "SELECT status, count(*) FROM read_models.promises WHERE tenant = %(tenant)s"
    assert dict(rows(desk, statuses + " GROUP BY status")) == {
        "broken": 5,
        "kept": 11,
        "missed": 1,
        "open": 6,
        "withdrawn": 2,
    }
    together = """SELECT max(count) FROM (SELECT count(*) FROM read_models.promise_invoices
        WHERE tenant = %(tenant)s GROUP BY promise_id) one"""
    assert rows(desk, together) == [(3,)]


def test_payments_online_were_declined_found_by_reference_and_by_amount_and_some_wait(
    worked: tuple[Desk, int],
) -> None:
    desk, _ = worked
    found = rows(
        desk,
        "SELECT status, reconciled_by, count(*) FROM read_models.pending_payments"
        " WHERE tenant = %(tenant)s GROUP BY 1, 2 ORDER BY 1, 2",
    )
    assert found == [
        ("declined", None, 4),
        ("no_response", None, 4),
        ("reconciled", "amount_and_date", 3),
        ("reconciled", "reference", 3),
    ]


def test_twice_is_once(worked: tuple[Desk, int]) -> None:
    desk, _ = worked
    before = position(desk)
    assert work(desk) == 0
    assert position(desk) == before


def test_what_was_cut_off_is_completed_to_the_same_events(
    worked: tuple[Desk, int], database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    whole, began = worked
    desk = load_sample(database, tenant, tmp_path)
    assert position(desk) == began
    set_up_site(desk)
    with database.connect("worker") as connection, database.pool("app", size=1) as pool:
        asked = Asked(tenant.id, site_options(connection, tenant.id), TODAY)
        requests = plan(choose(connection, asked), TODAY, OWNER)
        carry_out(PostgresLog(pool, tenant.id), requests[: len(requests) // 2])
    carry_out_work(desk, OWNER)
    assert events(desk, began) == events(whole, began)


def test_nothing_lies_ahead_of_the_business_date(worked: tuple[Desk, int]) -> None:
    desk, began = worked
    assert max(on for *_, on, _, _ in events(desk, began)) == TODAY


def test_a_refusal_is_told_and_ends_the_work(tenant: Tenant, database: Database) -> None:
    diary = Diary()
    profile = UserProfile("KT", "", UserKind.CREDIT_USER)
    diary.note(date(2026, 3, 1), "MH", "registerUser", USER, ("KT",), RegisterUser(profile), "k")
    with (
        database.pool("app", size=1) as pool,
        pytest.raises(Refused, match="demo/registerUser of user/KT on 2026-03-01: A user has"),
    ):
        carry_out(PostgresLog(pool, tenant.id), diary.requests)
