"""Histories as commands could lead to, made at random, and a plain way to add a document up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from domain.account import (
    ACCOUNT,
    AccountDocument,
    AddAccountNote,
    ImplyAccount,
    ImportAccount,
)
from domain.api_key import API_KEY, IssueApiKey, RevokeApiKey, Role
from domain.catalogue import DECIDERS
from domain.company import COMPANY, CompanyDocument, ImportCompany
from domain.invoice import (
    INVOICE,
    Application,
    ApplyPayments,
    ImportInvoice,
    InvoiceAmended,
    InvoiceBalanceReconciled,
    InvoiceDocument,
    InvoiceEvent,
    InvoiceRegistered,
    PaymentApplied,
    PaymentUnapplied,
)
from domain.payment import PAYMENT, ImportPayment, PaymentDocument
from domain.shared.decider import Decider, Refused
from domain.shared.event import Event
from domain.shared.streams import stream_name
from domain.site_options import SITE_OPTIONS, ChangeSiteOptions
from domain.sync_run import SYNC_RUN, CompleteSync, SyncCompleted
from tests.histories_of_records import CATEGORIES, records

FIRST = date(2025, 1, 1)
DAYS = 400


def day(number: int) -> date:
    """A day of the histories."""
    return FIRST + timedelta(days=number)


@st.composite
def imports(draw: st.DrawFn, company_id: str = "1", tran_id: str = "I1") -> ImportInvoice:
    """What one export says of a document."""
    sign = draw(st.sampled_from([1, 1, 1, -1]))
    amount = sign * Decimal(draw(st.integers(0, 500)))
    foreign = company_id == "2"
    rate = draw(st.sampled_from([Decimal("0.9"), Decimal("0.8731")]))
    amount_hc = (amount * rate).quantize(Decimal("0.01")) if foreign else amount
    tran = draw(st.integers(0, 300))
    document = InvoiceDocument(
        company_id,
        tran_id,
        draw(st.sampled_from(["A", "B"])),
        day(tran),
        amount,
        "USD" if foreign else "EUR",
        amount_hc,
        "EUR",
        due_date=draw(st.sampled_from([None, day(tran + 30), day(tran + 5)])),
        post_date=draw(st.sampled_from([None, None, day(tran + 3)])),
    )
    applications = tuple(
        Application(
            payment, sign * Decimal(draw(st.integers(0, 200))), day(draw(st.integers(0, DAYS)))
        )
        for payment in draw(st.sets(st.sampled_from(["P1", "P2", "P3"]), max_size=3))
    )
    share = Decimal(draw(st.integers(0, 100))) / 100
    balance = draw(st.sampled_from([None, None, Decimal(0), amount * share, amount]))
    balance_hc = None
    if balance is not None and not foreign:
        balance_hc = draw(st.sampled_from([None, balance]))
    elif balance is not None:
        balance_hc = draw(st.sampled_from([None, None, amount_hc * share]))
    return ImportInvoice(
        document,
        day(draw(st.integers(200, DAYS))),
        balance,
        balance_hc,
        draw(st.sampled_from([None, "open", "closed"])),
        draw(st.sampled_from([None, None, None, day(350)])),
        applications,
    )


@dataclass(frozen=True)
class Plain:
    """A document as its events tell it, added up without any cleverness."""

    document: InvoiceDocument
    effective_from: date
    changes: list[tuple[date, Decimal, Decimal]]

    def open_on(self, on: date) -> tuple[Decimal, Decimal]:
        """What is open on a date, in its own and in home currency."""
        if on < self.effective_from:
            return Decimal(0), Decimal(0)
        own, home = self.document.amount, self.document.amount_hc
        for at, amount, amount_hc in self.changes:
            if at <= on:
                own, home = own - amount, home - amount_hc
        return own, home


def added_up(events: Sequence[InvoiceEvent]) -> Plain | None:
    """The document that some events tell of; None if it is not registered by them."""
    document: InvoiceDocument | None = None
    start = FIRST
    applied: dict[str, tuple[date, Decimal, Decimal]] = {}
    unexplained: list[tuple[date, Decimal, Decimal]] = []
    for event in events:
        match event:
            case InvoiceRegistered() | InvoiceAmended():
                document, start = event.document, event.effective_from
            case PaymentApplied():
                applied[event.payment_id] = (event.applied_on, event.amount, event.amount_hc)
            case PaymentUnapplied():
                del applied[event.payment_id]
            case InvoiceBalanceReconciled():
                unexplained = [(e.effective_on, e.amount, e.amount_hc) for e in event.unexplained]
            case _:
                pass
    return Plain(document, start, [*applied.values(), *unexplained]) if document else None


@dataclass(frozen=True)
class Told:
    """A command to a stream."""

    decider: Decider[Any, Any, Any]
    key: tuple[str, ...]
    command: Any


def words(*others: str | None) -> st.SearchStrategy[Any]:
    """One of a few texts."""
    return st.sampled_from([None, "x", "y", *others])


@st.composite
def told(draw: st.DrawFn) -> Told:
    """A command to a stream of any kind; there are few streams of each, so that they meet."""
    one = draw(st.sampled_from(["1", "2"]))
    match draw(st.sampled_from([decider.category for decider in DECIDERS])):
        case "company":
            name, zone = draw(words()), draw(st.sampled_from(["UTC", "Europe/Rome"]))
            document = CompanyDocument(one, "EUR", name, zone)
            return Told(COMPANY, (one,), ImportCompany(document, draw(st.booleans())))
        case "account":
            key = ("1", one)
            document = AccountDocument(*key, draw(words()), credit_hold=draw(st.booleans()))
            note = AddAccountNote(
                draw(st.sampled_from(["n1", "n2"])), draw(words("")) or "z", FIRST
            )
            commands = [ImportAccount(document), ImplyAccount(*key), note]
            return Told(ACCOUNT, key, draw(st.sampled_from(commands)))
        case category if category in CATEGORIES:
            return Told(*draw(records(category, one)))
        case "invoice":
            command = draw(imports(one))
            applying = ApplyPayments(command.applications, command.business_date)
            return Told(INVOICE, (one, "I1"), draw(st.sampled_from([command, command, applying])))
        case "payment":
            rest = draw(st.sampled_from([None, Decimal(0), Decimal("1.50")]))
            document = PaymentDocument("1", one, "A", FIRST, Decimal(9), "EUR", unapplied_amt=rest)
            return Told(PAYMENT, ("1", one), ImportPayment(document))
        case "site_options":
            boundaries = draw(st.sampled_from([(30, 60, 90, 120), (1, 2, 3, 4)]))
            command = ChangeSiteOptions(boundaries, age_unapplied=draw(st.booleans()))
            return Told(SITE_OPTIONS, ("site",), command)
        case "api_key":
            issue = IssueApiKey(one, "Dana", Role.AUDITOR, f"digest of {one}")
            return Told(API_KEY, (one,), draw(st.sampled_from([issue, RevokeApiKey()])))
        case category:
            assert category == "sync_run"
            outcome = SyncCompleted(one, FIRST, 3, 1, 1, 1, draw(st.integers(0, 9)))
            return Told(SYNC_RUN, (one,), CompleteSync(outcome))


def appended(batches: Sequence[Sequence[Told]]) -> list[list[tuple[str, Event]]]:
    """The events, by stream, that batches of commands lead to; each batch is one append."""
    histories: dict[str, list[Event]] = {}
    appends: list[list[tuple[str, Event]]] = []
    for batch in batches:
        append: list[tuple[str, Event]] = []
        for one in batch:
            name = stream_name(one.decider.category, *one.key)
            history = histories.setdefault(name, [])
            try:
                new = one.decider.decide(one.command, one.decider.replay(history))
            except Refused:
                continue
            history += new
            append += [(name, event) for event in new]
        if append:
            appends.append(append)
    return appends


BATCHES = st.lists(st.lists(told(), min_size=1, max_size=5), min_size=1, max_size=6)
