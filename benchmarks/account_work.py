"""What collectors did about the accounts of a ledger, invented from a seed and put into the log.

They work on accounts that owe something: promises, disputes, issues, activities and payments online
are about open documents, each drawn from all of them. Every third account is assigned to somebody
and has a credit class, half of those a score.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from random import Random
from typing import Any, TypeAlias

from msgspec import Struct
from psycopg import Connection

from benchmarks.measure import Bench
from domain.account_care import (
    ACCOUNT_CARE,
    AccountAssigned,
    AccountClassified,
    CreditRated,
    ScoreSource,
)
from domain.activity import ACTIVITY, ActivityCompleted, ActivityRecorded
from domain.dispute import DISPUTE, DisputeClosed, DisputeOpened
from domain.issue import ISSUE, IssueOpened, IssueResolved, Resolver
from domain.pending_payment import PENDING_PAYMENT, PendingPaymentRecorded
from domain.promise import PROMISE, ExpectedPaymentRecorded, PromiseBroken, PromiseKept
from domain.shared.event import Event
from domain.shared.standard_type import StandardType
from domain.shared.streams import stream_name
from eventstore.log import NewEvent
from eventstore.postgres import PostgresLog
from projections.runner import Runner
from runtime.clock import business_date, now
from runtime.tenants import Tenant

PROMISES = 50_000
DISPUTES = 10_000
ISSUES = 40_000
ACTIVITIES = 100_000
PENDING = 5_000

HISTORY_DAYS = 730
"""For how many days back there is work."""

BATCH_EVENTS = 5_000
"""Events of one append."""

_DOCUMENTS = """
    SELECT company_id, tran_id, cust_id, balance, balance_hc, curr_id, home_curr_id
    FROM read_models.invoices
    WHERE tenant = %s AND balance_hc > 0 ORDER BY company_id, tran_id
"""

_ACCOUNTS = """
    SELECT company_id, cust_id FROM read_models.accounts
    WHERE tenant = %s ORDER BY company_id, cust_id
"""

Story: TypeAlias = tuple[str, list[Event]]
"""A stream and its events."""


class _Document(Struct, frozen=True):
    company_id: str
    tran_id: str
    cust_id: str
    balance: Decimal
    balance_hc: Decimal
    curr_id: str
    home_curr_id: str


def record_work(bench: Bench, connection: Connection[Any], tenant: Tenant) -> int:
    """Put the work into the log and the read models; return how many events it is."""
    today = business_date(now(), "UTC")
    documents = [_Document(*row) for row in connection.execute(_DOCUMENTS, (tenant.id,))]
    accounts: list[tuple[str, str]] = connection.execute(_ACCOUNTS, (tenant.id,)).fetchall()
    events = (
        NewEvent(stream, version, event, event.effective_on(today), "bench", "bench", "bench")
        for stream, told in _stories(Random(1), documents, accounts, today)
        for version, event in enumerate(told, 1)
    )
    count = 0
    with bench.database.pool("app", size=2) as pool:
        log = PostgresLog(pool, tenant.id)
        while batch := list(islice(events, BATCH_EVENTS)):
            log.append(batch)
            count += len(batch)
    Runner(connection, tenant.id).catch_up()
    return count


def _stories(
    rng: Random, documents: list[_Document], accounts: list[tuple[str, str]], today: date
) -> Iterator[Story]:
    """Yield all that was done."""
    for number, account in enumerate(accounts[::3]):
        yield stream_name(ACCOUNT_CARE.category, *account), _care(rng, account, number, today)
    kinds: tuple[tuple[str, int, _Told], ...] = (
        (PROMISE.category, PROMISES, _promise),
        (ISSUE.category, ISSUES, _issue),
        (ACTIVITY.category, ACTIVITIES, _activity),
        (PENDING_PAYMENT.category, PENDING, _pending),
    )
    for category, count, told in kinds:
        for number in range(count):
            began = today - timedelta(rng.randrange(HISTORY_DAYS))
            one = told(rng, f"{number:06}", rng.choice(documents), began)
            yield (
                stream_name(category, f"{number:06}"),
                [event for event in one if event.effective_on(began) <= today],
            )
    for number, document in enumerate(rng.sample(documents, min(DISPUTES, len(documents)))):
        began = today - timedelta(rng.randrange(HISTORY_DAYS))
        dispute = f"{number:06}"
        yield stream_name(DISPUTE.category, dispute), _dispute(rng, dispute, document, began)


_Told: TypeAlias = Callable[[Random, str, _Document, date], list[Event]]


def _care(rng: Random, account: tuple[str, str], number: int, today: date) -> list[Event]:
    told: list[Event] = [
        AccountAssigned(*account, f"user{number % 40}"),
        AccountClassified(*account, f"class{number % 5}"),
    ]
    if number % 2:
        score = str(rng.randrange(100))
        told.append(CreditRated(*account, score, ScoreSource.MANUAL, today))
    return told


def _promise(rng: Random, key: str, document: _Document, began: date) -> list[Event]:
    expected = began + timedelta(rng.randrange(30))
    recorded = ExpectedPaymentRecorded(
        key,
        document.company_id,
        document.cust_id,
        document.balance,
        document.curr_id,
        expected,
        began,
        (document.tran_id,),
        promise=rng.random() < 0.8,
    )
    broken = recorded.promise and rng.random() < 0.3
    if broken:
        return [recorded, PromiseBroken(expected + timedelta(1), Decimal(0))]
    return [recorded, PromiseKept(expected, document.balance)]


def _issue(rng: Random, key: str, document: _Document, began: date) -> list[Event]:
    opened = IssueOpened(key, document.company_id, document.cust_id, f"Past due {key}", began)
    if rng.random() < 0.5:
        return [opened]
    return [opened, IssueResolved(began + timedelta(rng.randrange(60)), Resolver.USER)]


def _activity(rng: Random, key: str, document: _Document, began: date) -> list[Event]:
    recorded = ActivityRecorded(
        key,
        document.company_id,
        document.cust_id,
        "Phone",
        StandardType.PHONE,
        began,
        note="Called.",
        due_on=began + timedelta(rng.randrange(14)),
    )
    if rng.random() < 0.2:
        return [recorded]
    return [recorded, ActivityCompleted(began + timedelta(rng.randrange(14)), "Will pay.")]


def _pending(rng: Random, key: str, document: _Document, began: date) -> list[Event]:
    declined = rng.random() < 0.1
    return [
        PendingPaymentRecorded(
            key,
            document.company_id,
            document.cust_id,
            document.balance,
            document.curr_id,
            began,
            declined=declined,
        )
    ]


def _dispute(rng: Random, key: str, document: _Document, began: date) -> list[Event]:
    opened = DisputeOpened(
        key,
        document.company_id,
        document.tran_id,
        document.cust_id,
        document.balance,
        document.balance_hc,
        document.curr_id,
        document.home_curr_id,
        began,
        began,
        "bench",
        exclude_aging=rng.random() < 0.2,
    )
    if rng.random() < 0.5:
        return [opened]
    return [opened, DisputeClosed(began)]
