"""What was the case, and what a rule asks, as a person would say it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain.conditions import (
    AllOf,
    AnyOf,
    Compared,
    Condition,
    Operator,
    comparisons,
    described,
    first_failing,
)
from domain.shared.wording import number_of
from projections.rule_records import facts_of, value_words

_DAYS_LATE = "due_date_days"
_ACCOUNT = "account."


class CaseInWords:
    """What was the case as a person would say it, such as "306.84 EUR open, 48 days past due".

    It is told of any record of which a condition holds. What the condition only rules out, as that
    something is in dispute, goes without saying.
    """

    def __init__(self, condition: Condition) -> None:
        self._fields = [
            (one.field, one.operator is Operator.EQ and not one.value)
            for one in comparisons(condition)
        ]

    def of(self, values: Mapping[str, Any]) -> str:
        """Return it of a record with these values.

        Currencies are told of amounts if the values have them: `curr_id` and `home_curr_id`.
        """
        names = dict.fromkeys(
            name for name, ruled_out in self._fields if not ruled_out or values.get(name)
        )
        told: list[str] = []
        of_account = False
        for name in names:
            value, own = values.get(name), name.removeprefix(_ACCOUNT)
            if value is None or own not in _SAID:
                of_account = False
                told.append(value_words(name, value))
                continue
            amount = _amount(value, values, own)
            if of_account and own == "total_past_due" and told[-1].endswith("in all"):
                told.append(f"{amount} of it past due")
                continue
            said = _SAID[own](value, amount)
            again, of_account = of_account, own in _OF_ACCOUNT
            told.append(f"the account {said}" if of_account and not again else said)
        return ", ".join(told)


def why_not(condition: Condition, values: Mapping[str, Any]) -> str:
    """Return in a sentence which part of a condition fails first, and of which value."""
    failing = first_failing(condition, values)
    if failing is None:
        return "Its condition holds."
    found = CaseInWords(failing).of(values) or facts_of(failing, values)
    return f"The rule asks that {asked_in_words(failing)}; it found {found}."


def _amount(value: Any, values: Mapping[str, Any], own: str) -> str:
    """Return an amount with its currency, if that is known."""
    currency = values.get("curr_id" if own == "balance" else "home_curr_id")
    return f"{value:f}" if currency is None else f"{value:f} {currency}"


def days(number: int) -> str:
    """Return a number of days in words."""
    return number_of(number, "day")


def _late(value: int) -> str:
    if value == 0:
        return "due that day"
    return f"{days(value)} past due" if value > 0 else f"due in {days(-value)}"


_SAID: Mapping[str, Callable[[Any, str], str]] = {
    "balance": lambda _, amount: f"{amount} open",
    "balance_hc": lambda _, amount: f"{amount} open",
    _DAYS_LATE: lambda value, _: _late(value),
    "total_past_due": lambda _, amount: f"owes {amount} past due in all",
    "total_age": lambda _, amount: f"owes {amount} in all",
    "available_credit": lambda value, amount: (
        f"is over its credit limit by {amount.removeprefix('-')}"
        if value < 0
        else f"has {amount} of its credit left"
    ),
    "broken_promise90_days": lambda value, _: f"broke {number_of(value, 'promise')} within 90 days",
    "date_estab_days": lambda value, _: f"has been a customer for {days(value)}",
    "open_documents": lambda value, _: f"has {number_of(value, 'document')} open",
}
"""How facts are told: by their value, and by that as an amount with its currency."""

_OF_ACCOUNT = (frozenset(_SAID) | {"open_promise_count", "pending_payment_count"}) - {
    "balance",
    "balance_hc",
    _DAYS_LATE,
}
"""Fields that accounts have and documents have not."""


def asked_in_words(condition: Condition) -> str:
    """Return what a rule asks as the rest of a sentence: "something is open of it, ... and ...".

    What there are no words for is told as a condition is described.
    """
    parts = condition.parts if isinstance(condition, AllOf) else (condition,)
    late = [one for one in parts if isinstance(one, Compared) and one.field == _DAYS_LATE]
    said_late = _late_in_words(late)
    told = [
        said_late if said_late is not None and one in late else _asked(one)
        for one in parts
        if said_late is None or one not in late[1:]
    ]
    return f"{', '.join(told[:-1])} and {told[-1]}" if len(told) > 1 else "".join(told)


def _asked(part: Condition) -> str:
    if isinstance(part, AllOf | AnyOf):
        return f"({described(part)})"
    if not isinstance(part, Compared):
        return described(part)
    own = part.field.removeprefix(_ACCOUNT)
    said = _ASKED.get((own, part.operator))
    if said is None or (own != part.field and own not in _OF_ACCOUNT):
        return described(part)
    return said(part.value) or described(part)


def _late_in_words(parts: Sequence[Compared]) -> str | None:
    """Return a range of days past due in words; None if it is no range."""
    limits: dict[Operator, int] = {}
    for one in parts:
        if one.operator in limits or one.operator not in (Operator.GTE, Operator.LTE, Operator.EQ):
            return None
        limits[one.operator] = one.value
    if Operator.EQ in limits:
        return f"it is {_late(limits[Operator.EQ])}" if len(limits) == 1 else None
    low, high = limits.get(Operator.GTE), limits.get(Operator.LTE)
    if low is not None and high is not None:
        if low == high:
            return f"it is {_late(low)}"
        if low > 0:
            return f"it is {low} to {days(high)} past due"
        return f"it is due in {-high} to {days(-low)}" if high < 0 else None
    if low is not None:
        return f"it is at least {days(low)} past due" if low > 0 else None
    return f"it is at most {days(high)} past due" if high is not None and high > 0 else None


def _none(words: str) -> Callable[[Any], str | None]:
    """Return what says something where the value asked for is none."""
    return lambda value: words if not value else None


_ASKED: Mapping[tuple[str, Operator], Callable[[Any], str | None]] = {
    ("balance", Operator.GT): _none("something is open of it"),
    ("balance_hc", Operator.GT): _none("something is open of it"),
    ("in_dispute", Operator.EQ): _none("it is not in dispute"),
    ("total_age", Operator.GT): _none("the account owes something in all"),
    ("total_past_due", Operator.GT): _none("the account owes something past due"),
    ("total_past_due", Operator.GTE): lambda value: f"the account owes {value:f} past due or more",
    ("open_promise_count", Operator.EQ): _none("the account has no promise open"),
    ("pending_payment_count", Operator.EQ): _none("no payment of the account is on its way"),
    ("broken_promise90_days", Operator.GT): _none("the account broke a promise within 90 days"),
    ("available_credit", Operator.LT): _none("the account is over its credit limit"),
    ("open_documents", Operator.GT): _none("the account has documents open"),
    ("cust_po_no", Operator.IS_NULL): lambda value: (
        "it names no purchase order" if value else "it names a purchase order"
    ),
}
