"""What changes the balance of a document: payments applied, and what no payment explains.

Amounts are positive where they lower the balance of an invoice; `_hc` is home currency.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

ZERO = Decimal(0)


class Unexplained(Struct, frozen=True, gc=False):
    """A change of the balance that no known payment explains; positive lowers the balance."""

    effective_on: date
    amount: Decimal
    amount_hc: Decimal


class Applied(Struct, frozen=True, gc=False):
    """An application in force."""

    amount: Decimal
    amount_hc: Decimal
    applied_on: date


def total(entries: Iterable[Applied | Unexplained]) -> tuple[Decimal, Decimal]:
    """Return what entries take off the balance, in the document's and in home currency."""
    amount = amount_hc = ZERO
    for one in entries:
        amount += one.amount
        amount_hc += one.amount_hc
    return amount, amount_hc


def post_dated(applications: Mapping[str, Applied], business_date: date) -> tuple[Decimal, Decimal]:
    """Return what applications dated after the business date pay, in own and home currency."""
    return total(one for one in applications.values() if one.applied_on > business_date)


def moved_to_closing(
    known: tuple[Unexplained, ...], closing: date, closed_before: date | None, *, paid: bool
) -> tuple[Unexplained, ...]:
    """Return `known` with the closing that the ERP tells.

    What was taken for the closing moves with it, and what was only noticed after the day on
    which the document was `paid` had happened by then.
    """
    return tuple(
        replace(entry, effective_on=closing)
        if entry.effective_on == closed_before or (paid and entry.effective_on > closing)
        else entry
        for entry in known
    )


def withdraw(
    known: tuple[Unexplained, ...], explained: Decimal, explained_hc: Decimal, sign: int
) -> tuple[Unexplained, ...]:
    """Return `known` less `explained`, the earliest first.

    `explained` is positive and at most what `known` lowers the balance by; `explained_hc` is
    signed, and what no withdrawn entry accounts for stays where the last of them was.
    """
    left: list[Unexplained] = []
    rest_hc = -explained_hc
    for entry in sorted(known, key=lambda entry: entry.effective_on):
        amount = entry.amount * sign
        taken = min(max(amount, ZERO), explained)
        if not taken:
            left.append(entry)
            continue
        explained -= taken
        rest_hc += entry.amount_hc
        if not explained and (rest_hc or taken < amount):
            left.append(Unexplained(entry.effective_on, (amount - taken) * sign, rest_hc))
    return tuple(left)
