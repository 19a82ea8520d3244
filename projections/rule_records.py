"""Single records as rules see them: what their conditions look at, and why one does not hold."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from domain.conditions import (
    AnyOf,
    Condition,
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

    Beside them the credit class and the currencies are told, and of documents the account and, as
    `whole_balance`, what is open of them whether it counts or not.
    """
    used = AnyOf(tuple(conditions))
    if view is RuleView.INVOICE:
        shown = rule_view(view, (*account_fields_of(used), _CLASS, "home_curr_id"))
        shown = replace(shown, name="rule_records", fields=(*shown.fields, _WHOLE_BALANCE))
        own = ("cust_id", "curr_id", "home_curr_id")
        also = (*own, _WHOLE_BALANCE.name, ACCOUNT_PREFIX + _CLASS)
    else:
        shown, also = rule_view(view), (_CLASS, "home_curr_id")
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


def facts_of(condition: Condition, values: Mapping[str, Any]) -> str:
    """Return the values that a condition looks at as a piece of a sentence, in its order."""
    names = dict.fromkeys(one.field for one in comparisons(condition))
    return ", ".join(value_words(name, values.get(name)) for name in names)


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
