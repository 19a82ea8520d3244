"""A ledger made at random in several appends, and what it has open, added up plainly."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from application.handling import Request, handle_all
from domain.account import ACCOUNT, ImplyAccount
from domain.company import COMPANY, CompanyDocument, ImportCompany
from domain.invoice import INVOICE, Application, ImportInvoice, InvoiceDocument, Registered
from domain.payment import PAYMENT, ImportPayment, PaymentDocument
from domain.shared.decider import Decider
from domain.site_options import SiteOptions
from eventstore.log import Recorded
from eventstore.postgres import PostgresLog
from projections.runner import Runner
from runtime.database import Database
from runtime.tenants import Tenant
from tests.histories import DAYS, Plain, added_up, day

APPENDS = 25
DOCUMENTS = 30
CENT = Decimal("0.01")


def random_import(rng: random.Random) -> ImportInvoice:
    """What an export may say of one of a few documents; those of company 2 are in dollars."""
    number = rng.randrange(DOCUMENTS)
    company = "12"[number % 2]
    sign = -1 if number % 7 == 0 else 1
    amount = sign * Decimal(rng.randrange(1, 50_000)) / 100
    tran = rng.randrange(300)
    foreign = company == "2"
    applications = tuple(
        Application(f"P{n}", sign * Decimal(rng.randrange(20_000)) / 100, day(rng.randrange(DAYS)))
        for n in rng.sample(range(APPENDS), rng.choice((0, 0, 1, 2)))
    )
    document = InvoiceDocument(
        company,
        f"I{number}",
        rng.choice("AB"),
        day(tran),
        amount,
        "USD" if foreign else "EUR",
        (amount * Decimal("0.9")).quantize(CENT) if foreign else amount,
        "EUR",
        due_date=rng.choice((None, day(tran + 30), day(tran + 60))),
    )
    return ImportInvoice(
        document,
        day(rng.randrange(250, DAYS)),
        rng.choice((None, None, Decimal(0), amount / 2)),
        applications=applications,
    )


def random_payment(rng: random.Random, number: int) -> ImportPayment:
    """What an export may say of a payment."""
    company = rng.choice("12")
    foreign = company == "2"
    document = PaymentDocument(
        company,
        f"P{number}",
        rng.choice("AB"),
        day(rng.randrange(DAYS)),
        Decimal(100),
        "USD" if foreign else "EUR",
        unapplied_amt=rng.choice((None, Decimal(0), Decimal(30))),
        unapplied_amt_hc=rng.choice((None, Decimal(0), Decimal(27))) if foreign else None,
    )
    return ImportPayment(document)


def request(decider: Decider[Any, Any, Any], key: tuple[str, ...], command: Any) -> Request:
    """A command of a test."""
    return Request(decider, key, command, "t", day(300), "t", "t")


def invoicing(command: ImportInvoice) -> Request:
    """The request of what an export says of a document."""
    return request(INVOICE, (command.document.company_id, command.document.tran_id), command)


def fill(database: Database, tenant: Tenant, rng: random.Random) -> list[Recorded]:
    """Make a history in several appends and fold it; return its events."""
    with database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)
        for company in "12":
            document = CompanyDocument(company, "EUR")
            handle_all(log, [request(COMPANY, (company,), ImportCompany(document))])
            handle_all(
                log,
                [request(ACCOUNT, (company, one), ImplyAccount(company, one)) for one in "ABC"],
            )
        for number in range(APPENDS):
            payment = random_payment(rng, number)
            key = payment.document.company_id, payment.document.payment_id
            handle_all(
                log,
                [
                    *(invoicing(random_import(rng)) for _ in range(6)),
                    request(PAYMENT, key, payment),
                ],
            )
        with database.connect("worker") as connection:
            runner = Runner(connection, tenant.id)
            assert runner.lease()
            runner.catch_up()
        return log.page(0, 100_000)


@dataclass(frozen=True)
class Document:
    """A document as some events tell it."""

    plain: Plain
    state: Registered

    @property
    def key(self) -> tuple[str, str]:
        """Company and number."""
        return self.plain.document.company_id, self.plain.document.tran_id


@dataclass(frozen=True)
class Item:
    """An amount that ages, in home currency; `documents` says of how many documents it is."""

    company_id: str
    cust_id: str
    tran_date: date
    late_from: date
    amount: Decimal


def streams(events: Iterable[Recorded], known_at: datetime | None) -> dict[str, list[Any]]:
    """The events of each stream that were recorded by a moment."""
    found: dict[str, list[Any]] = defaultdict(list)
    for one in events:
        if known_at is None or one.recorded_at <= known_at:
            found[one.stream].append(one.event)
    return found


def documents(events: Iterable[Recorded], known_at: datetime | None) -> list[Document]:
    """The documents as known at a moment."""
    found: list[Document] = []
    for stream, told in streams(events, known_at).items():
        if stream.startswith("invoice/"):
            plain, state = added_up(told), INVOICE.replay(told)
            assert plain is not None
            assert isinstance(state, Registered)
            found.append(Document(plain, state))
    return found


def open_items(
    events: Sequence[Recorded], as_of: date, known_at: datetime | None, options: SiteOptions
) -> list[Item]:
    """What ages on a date as known at a moment: balances, and by option what is unapplied."""
    items: list[Item] = []
    applied: dict[tuple[str, str], list[tuple[date, Decimal]]] = defaultdict(list)
    for one in documents(events, known_at):
        document = one.plain.document
        amount = one.plain.open_on(as_of)[1]
        if amount > 0 or (amount and options.age_unapplied):
            due = document.due_date or document.tran_date
            items.append(
                Item(
                    document.company_id,
                    document.cust_id,
                    document.tran_date,
                    document.tran_date if amount < 0 else due,
                    amount,
                )
            )
        for payment_id, use in one.state.applications.items():
            applied[document.company_id, payment_id].append((use.applied_on, use.amount_hc))
    if not options.age_unapplied:
        return items
    for stream, told in streams(events, known_at).items():
        if not stream.startswith("payment/"):
            continue
        payment: PaymentDocument = told[-1].document
        foreign = payment.curr_id != "EUR"
        if payment.pmt_date > as_of or (foreign and payment.unapplied_amt_hc is None):
            continue
        uses = applied[payment.company_id, payment.payment_id]
        rest = payment.unapplied_amt_hc if foreign else payment.unapplied_amt
        if rest is None:
            rest = payment.amount - sum((amount for _, amount in uses), Decimal(0))
        rest += sum((amount for on, amount in uses if on > as_of), Decimal(0))
        if rest:
            on = payment.pmt_date
            items.append(Item(payment.company_id, payment.cust_id, on, on, -rest))
    return items
