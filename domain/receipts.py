"""Money received towards an amount: when it is complete, and which of it counts."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from msgspec import Struct

from domain.shared.streams import stream_name

ZERO = Decimal(0)


class Receipt(Struct, frozen=True, omit_defaults=True, gc=False):
    """Money received; negative where it was taken back.

    `dated` is the payment's date. `tran_id` is the invoice that it paid, None for a payment on the
    account as a whole; `payment_id` is None where the ERP lowered the balance and named no payment.
    """

    dated: date
    amount: Decimal
    payment_id: str | None = None
    tran_id: str | None = None

    @property
    def receipt_id(self) -> str:
        """Tells receipts apart."""
        if self.payment_id is None:
            return stream_name("balance", self.tran_id or "", self.dated.isoformat())
        return stream_name("payment", self.payment_id, self.tran_id or "")


def completed_on(receipts: Iterable[Receipt], amount: Decimal) -> date | None:
    """Return the date from which on receipts make up `amount`; None if in the end they do not.

    `amount` is positive. What was complete for some days only, as money was taken back, is not.
    """
    days: dict[date, Decimal] = {}
    for one in receipts:
        days[one.dated] = days.get(one.dated, ZERO) + one.amount
    rest = sum(days.values(), ZERO)
    completed: date | None = None
    for day in sorted(days, reverse=True):
        if rest < amount:
            break
        completed = day
        rest -= days[day]
    return completed


def counted(receipts: Iterable[Receipt], amount: Decimal) -> frozenset[Receipt]:
    """Return the receipts that count towards `amount`: later ones are for something else."""
    receipts = frozenset(receipts)
    completed = completed_on(receipts, amount)
    return receipts if completed is None else frozenset(by_date(receipts, completed))


def by_date(receipts: Iterable[Receipt], until: date) -> list[Receipt]:
    """Return the receipts dated up to a date."""
    return [one for one in receipts if one.dated <= until]


def in_order(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Return receipts by date, and those of one day by id."""
    return sorted(receipts, key=lambda one: (one.dated, one.receipt_id))


def total(receipts: Iterable[Receipt]) -> Decimal:
    """Return the sum of receipts."""
    return sum((one.amount for one in receipts), ZERO)
