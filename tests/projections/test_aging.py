"""Aging from PostgreSQL against plain addition, at any date and as known at any moment."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from application.handling import Request, handle_all
from domain.aging import AgeUnit, Basis, bucket, labels
from domain.company import COMPANY, CompanyDocument, ImportCompany
from domain.invoice import INVOICE, Application, ImportInvoice, InvoiceDocument
from domain.payment import PAYMENT, ImportPayment, PaymentDocument
from domain.site_options import SiteOptions
from eventstore.log import Recorded
from eventstore.postgres import PostgresLog
from projections.aging import AgingBy
from projections.runner import Runner
from runtime.database import Database
from runtime.tenants import Tenant
from tests.histories import DAYS, added_up, day
from tests.loading import Cells, aging

APPENDS = 25
DOCUMENTS = 30


def random_import(rng: random.Random) -> ImportInvoice:
    """What an export may say of one of a few documents."""
    number = rng.randrange(DOCUMENTS)
    company = "12"[number % 2]
    sign = -1 if number % 7 == 0 else 1
    amount = sign * Decimal(rng.randrange(1, 50_000)) / 100
    tran = rng.randrange(300)
    applications = tuple(
        Application(f"P{n}", sign * Decimal(rng.randrange(20_000)) / 100, day(rng.randrange(DAYS)))
        for n in range(rng.choice((0, 0, 1, 2)))
    )
    document = InvoiceDocument(
        company,
        f"I{number}",
        rng.choice("AB"),
        day(tran),
        amount,
        "EUR",
        amount,
        "EUR",
        due_date=rng.choice((None, day(tran + 30), day(tran + 60))),
    )
    return ImportInvoice(
        document,
        day(rng.randrange(250, DAYS)),
        rng.choice((None, None, Decimal(0), amount / 2)),
        applications=applications,
    )


def fill(database: Database, tenant: Tenant, rng: random.Random) -> list[Recorded]:
    """A history in several appends, folded; its events."""
    with database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)

        def request(decider: object, key: tuple[str, ...], command: object) -> Request:
            return Request(decider, key, command, "t", day(300), "t", "t")  # type: ignore[arg-type]

        for company in "12":
            document = CompanyDocument(company, "EUR")
            handle_all(log, [request(COMPANY, (company,), ImportCompany(document))])
        for number in range(APPENDS):
            commands = [random_import(rng) for _ in range(6)]
            requests = [
                request(INVOICE, (one.document.company_id, one.document.tran_id), one)
                for one in commands
            ]
            payment = PaymentDocument(
                "1",
                f"P{number}",
                "A",
                day(rng.randrange(DAYS)),
                Decimal(100),
                "EUR",
                unapplied_amt=rng.choice((None, Decimal(0), Decimal(30))),
            )
            requests.append(request(PAYMENT, ("1", payment.payment_id), ImportPayment(payment)))
            handle_all(log, requests)
        with database.connect("worker") as connection:
            runner = Runner(connection, tenant.id)
            assert runner.lease()
            runner.catch_up()
        return log.page(0, 100_000)


def plainly(
    events: list[Recorded],
    as_of: date,
    basis: Basis,
    by: AgingBy,
    known_at: datetime | None,
    options: SiteOptions,
) -> Cells:
    """The same aging, document by document."""
    streams: dict[str, list[Recorded]] = defaultdict(list)
    for one in events:
        if known_at is None or one.recorded_at <= known_at:
            streams[one.stream].append(one)
    cells: dict[tuple[str, str | None, str], tuple[Decimal, int]] = {}

    def count(company: str, account: str, tran: date, due: date, amount: Decimal) -> None:
        boundaries = (
            options.aging_boundaries_invoice
            if basis is Basis.INVOICE
            else options.aging_boundaries_due
        )
        base = tran if amount < 0 else due
        number = bucket(as_of, tran, base, basis, boundaries, options.age_unit)
        key = (
            company,
            account if by is AgingBy.ACCOUNT else None,
            labels(basis, boundaries)[number],
        )
        before, documents = cells.get(key, (Decimal(0), 0))
        cells[key] = before + amount, documents + 1

    applied: dict[tuple[str, str], list[tuple[date, Decimal]]] = defaultdict(list)
    for stream, found in streams.items():
        if not stream.startswith("invoice/"):
            continue
        plain = added_up([one.event for one in found])  # type: ignore[misc]
        assert plain is not None
        document = plain.document
        amount = plain.open_on(as_of)[1]
        if amount > 0 or (amount and options.age_unapplied):
            due = document.due_date or document.tran_date
            count(document.company_id, document.cust_id, document.tran_date, due, amount)
        state = INVOICE.replay([one.event for one in found])  # type: ignore[misc]
        for payment, one in state.applications.items():  # type: ignore[union-attr]
            applied[document.company_id, payment].append((one.applied_on, one.amount))
    if options.age_unapplied:
        for stream, found in streams.items():
            if not stream.startswith("payment/"):
                continue
            document = found[-1].event.document  # type: ignore[attr-defined]
            if document.pmt_date > as_of:
                continue
            uses = applied[document.company_id, document.payment_id]
            rest = document.unapplied_amt
            if rest is None:
                rest = document.amount - sum((amount for _, amount in uses), Decimal(0))
            rest += sum((amount for on, amount in uses if on > as_of), Decimal(0))
            if rest:
                count(
                    document.company_id,
                    document.cust_id,
                    document.pmt_date,
                    document.pmt_date,
                    -rest,
                )
    return cells


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_aging_agrees_with_plain_addition_on_both_axes(
    database: Database, tenant: Tenant, seed: int
) -> None:
    rng = random.Random(seed)
    events = fill(database, tenant, rng)
    moments = [None, *rng.sample(sorted({one.recorded_at for one in events}), 4)]
    compared = 0
    for options in (
        SiteOptions(),
        SiteOptions(age_unapplied=True),
        SiteOptions((5, 10, 50, 200), (1, 2, 3, 4), AgeUnit.DAYS, age_unapplied=True),
        SiteOptions((1, 2, 3, 4), (1, 2, 6, 12), AgeUnit.MONTHS),
    ):
        for known_at in moments:
            as_of = day(rng.randrange(-10, DAYS + 20))
            for basis in Basis:
                for by in AgingBy:
                    found = aging(
                        database,
                        tenant,
                        as_of,
                        basis=basis,
                        by=by,
                        known_at=known_at,
                        options=options,
                    )
                    assert found == plainly(events, as_of, basis, by, known_at, options)
                    compared += len(found)
    assert compared > 100


def test_before_anything_was_known_nothing_was_open(database: Database, tenant: Tenant) -> None:
    fill(database, tenant, random.Random(4))
    early = datetime(2000, 1, 1, tzinfo=UTC)
    assert aging(database, tenant, day(200), known_at=early) == {}
    assert aging(database, tenant, date.min) == {}
    late = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
    assert aging(database, tenant, day(200), known_at=late) == aging(database, tenant, day(200))
