"""Single records as rules see them: what their conditions look at, and why one does not hold."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from domain.conditions import (
    AnyOf,
    Condition,
    Operator,
    comparisons,
    described,
    field_words,
    fields_of,
    first_failing,
)
from domain.rule_view import RuleView
from projections.listing import Listing, by_key
from projections.query import Query
from projections.rule_views import ACCOUNT_PREFIX, account_fields_of, rule_view
from projections.view import Asked, Field, Kind

RecordKey = tuple[str, str]
"""The key of a record: its company, and its document's or else its account's id."""

_CLASS = "credit_class_id"

_WHOLE_BALANCE = Field(
    "whole_balance",
    Kind.NUMBER,
    "What is open, whether it counts or not.",
    "o.balance",
    needs=("open",),
)


def record_key(company_id: str, cust_id: str, tran_id: str) -> RecordKey:
    """Return the key of the record that a subject of a rule is."""
    return company_id, tran_id or cust_id


def values_of(
    asked: Asked, view: RuleView, conditions: Sequence[Condition], keys: Sequence[RecordKey]
) -> Query[tuple[RecordKey, dict[str, Any]]]:
    """Return the question for the values that conditions look at, of records that there are.

    Beside them the credit class is told, and of documents the account and, as `whole_balance`, what
    is open of them whether it counts or not.
    """
    used = AnyOf(tuple(conditions))
    if view is RuleView.INVOICE:
        shown = rule_view(view, (*account_fields_of(used), _CLASS, "home_curr_id"))
        shown = replace(shown, name="rule_records", fields=(*shown.fields, _WHOLE_BALANCE))
        also = ("cust_id", _WHOLE_BALANCE.name, ACCOUNT_PREFIX + _CLASS)
    else:
        shown, also = rule_view(view), (_CLASS,)
    names = tuple(sorted(fields_of(used) | {*also}))
    listing = Listing(shown, asked, names)
    query = by_key(listing, keys)
    columns = listing.columns
    places = [columns.index(name) for name in shown.key]

    def record(*values: Any) -> tuple[RecordKey, dict[str, Any]]:
        company_id, own_id = (values[place] for place in places)
        return (company_id, own_id), dict(zip(columns, values, strict=True))

    return Query(query.statement, query.parameters, record)


def class_of(view: RuleView, values: Mapping[str, Any]) -> str | None:
    """Return the credit class of a record's account; None if it is of the site's default one."""
    return values[ACCOUNT_PREFIX + _CLASS if view is RuleView.INVOICE else _CLASS]


def why_not(condition: Condition, values: Mapping[str, Any]) -> str:
    """Return in a sentence which part of a condition fails first, and of which value."""
    failing = first_failing(condition, values)
    if failing is None:
        return "Its condition holds."
    return f"The rule asks that {described(failing)}, and found {facts_of(failing, values)}."


class Reason:
    """What was the case as a person would say it, such as "306.84 open, 48 days past due".

    It is told of any record of which a condition holds. What the condition only rules out, as that
    something is in dispute, goes without saying.
    """

    def __init__(self, condition: Condition) -> None:
        self._fields = [
            (one.field, one.operator is Operator.EQ and not one.value, _teller(one.field))
            for one in comparisons(condition)
        ]

    def of(self, values: Mapping[str, Any]) -> str:
        """Return it of a record with these values."""
        told: dict[str, str] = {}
        for name, ruled_out, said in self._fields:
            if name not in told and (not ruled_out or values.get(name)):
                told[name] = said(values.get(name))
        return ", ".join(told.values())


def _teller(name: str) -> Callable[[Any], str]:
    """Return what says a fact as a person would, where there is a way to."""
    owner, _, own = name.rpartition(".")
    whose, words = ("the account owes " if owner else ""), field_words(name)
    special: dict[str, Callable[[Any], str]] = {
        "balance": lambda value: f"{value:f} open",
        "balance_hc": lambda value: f"{value:f} open",
        "due_date_days": lambda value: (
            f"{days(value)} past due" if value > 0 else f"due in {days(-value)}"
        ),
        "total_past_due": lambda value: f"{whose}{value:f} past due in all",
        "total_age": lambda value: f"{whose}{value:f} in all",
        "broken_promise90_days": lambda value: (
            f"{value} {'promise' if value == 1 else 'promises'} broken within 90 days"
        ),
    }
    known = special.get(own)

    def said(value: Any) -> str:
        return f"{words} {_told(value)}" if known is None or value is None else known(value)

    return said


def facts_of(condition: Condition, values: Mapping[str, Any]) -> str:
    """Return the values that a condition looks at as a piece of a sentence, in its order."""
    names = dict.fromkeys(one.field for one in comparisons(condition))
    return ", ".join(value_words(name, values.get(name)) for name in names)


def days(number: int) -> str:
    """Return a number of days in words."""
    return "1 day" if number == 1 else f"{number} days"


def value_words(name: str, value: Any) -> str:
    """Return a field with its value as a piece of a sentence, such as "balance 306.84"."""
    return f"{field_words(name)} {_told(value)}"


def _told(value: Any) -> str:
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value:f}"
        case str():
            return f"\u201c{value}\u201d"
        case _:
            return str(value)
