"""Histories of documents as exports could tell them, made at random, and a plain way to add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from domain.invoice import (
    Application,
    ImportInvoice,
    InvoiceAmended,
    InvoiceBalanceReconciled,
    InvoiceDocument,
    InvoiceEvent,
    InvoiceRegistered,
    PaymentApplied,
    PaymentUnapplied,
)

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
