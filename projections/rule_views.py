"""What rules may ask about: accounts, and documents together with their account (RULE-04).

The fields are those of the views of accounts and of documents. Amounts that a dispute excludes
are ignored by rules (RULE-26), so a document's `balance` and `balance_hc` are less here than what
the ERP has open. The fields of a document's account are called `account.` and their name
(RULE-28); only those that are used are worked out, for all accounts in one pass.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any

from msgspec.structs import replace

from domain.conditions import (
    AllOf,
    AnyOf,
    Compared,
    Condition,
    Negated,
    Operator,
    check_size,
    comparisons,
    fields_of,
)
from domain.rule_language import DIGITS_MAX, FilterRefused, Place, read
from domain.rule_view import RuleView
from projections.account_view import ACCOUNT_VIEW
from projections.invoice_view import INVOICE_VIEW
from projections.view import Asked, Field, Kind, View

ACCOUNT_PREFIX = "account."
"""What the fields of a document's account begin with."""

INTEGER_MAX = 2**63 - 1
"""The largest whole number that a field is compared with."""

_JOIN = "rule_account"
_COUNTED = ("open", "disputed")


def _effective(balance: str, excluded: str, currency: str) -> tuple[str, str]:
    """Return the meaning and the SQL of what counts of a balance (AGE-18)."""
    description = (
        "What is open on the as-of date, less what is disputed and excluded from aging, never"
        f" below nothing, in {currency}."
    )
    counted = f"greatest(o.{balance} - coalesce(q.{excluded}, 0), 0)"
    return description, f"CASE WHEN o.{balance} > 0 THEN {counted} ELSE o.{balance} END"


_EFFECTIVE = {
    "balance": _effective("balance", "excluded", "the customer's currency"),
    "balance_hc": _effective("balance_hc", "excluded_hc", "home currency"),
}


def _of_document(field: Field) -> Field:
    """Return a document's field as rules mean it."""
    if field.name not in _EFFECTIVE:
        return field
    description, sql = _EFFECTIVE[field.name]
    source = f"{field.source}, RULE-26"
    return replace(field, description=description, sql=sql, needs=_COUNTED, source=source)


def _of_account(field: Field) -> Field:
    """Return the field of a document's account."""
    return replace(
        field,
        name=ACCOUNT_PREFIX + field.name,
        description=f"Of its account: {field.description}",
        sql=f'{_JOIN}."{ACCOUNT_PREFIX}{field.name}"',
        nullable=True,
        currency=field.currency and ACCOUNT_PREFIX + field.currency,
        needs=(_JOIN,),
    )


_DOCUMENT_FIELDS = (
    *map(_of_document, INVOICE_VIEW.fields),
    *map(_of_account, ACCOUNT_VIEW.fields),
)


@cache
def rule_fields(view: RuleView) -> Mapping[str, Field]:
    """Return the fields that rules of a view may use, by name; `account.<name>` on documents.

    They are all that can be compared: lists of values cannot (RULE-27).
    """
    fields = ACCOUNT_VIEW.fields if view is RuleView.ACCOUNT else _DOCUMENT_FIELDS
    return {field.name: field for field in fields if field.kind is not Kind.JSON}


def account_fields_of(condition: Condition) -> tuple[str, ...]:
    """Return the `account.<name>` fields that a condition uses, without the prefix, sorted."""
    return tuple(
        sorted(
            name.removeprefix(ACCOUNT_PREFIX)
            for name in fields_of(condition)
            if name.startswith(ACCOUNT_PREFIX)
        )
    )


def rule_view(view: RuleView, account_fields: Sequence[str] = ()) -> View:
    """Return the view that rules are evaluated on, with just these fields of the account joined.

    It names all fields; those of the account that are not joined must not be asked for.
    """
    if view is RuleView.ACCOUNT:
        return ACCOUNT_VIEW
    return _document_view(tuple(sorted(set(account_fields))))


@lru_cache(maxsize=256)
def _document_view(account_fields: tuple[str, ...]) -> View:
    fields = [ACCOUNT_VIEW.field(name) for name in account_fields]
    return replace(
        INVOICE_VIEW,
        name="rule_invoices",
        description="Documents with what rules may ask of them and of their account.",
        fields=_DOCUMENT_FIELDS,
        joins={**INVOICE_VIEW.joins, _JOIN: _account_join(fields, few=False)},
        each={**INVOICE_VIEW.each, _JOIN: _account_join(fields, few=True)},
    )


def _account_join(fields: Sequence[Field], *, few: bool) -> Callable[[Asked], str]:
    """Return the join of some fields of the account, made for a few documents or for all."""

    def join(asked: Asked) -> str:
        columns = ", ".join(
            ["c.company_id AS of_company", "c.cust_id AS of_cust"]
            + [f'{field.sql} AS "{ACCOUNT_PREFIX}{field.name}"' for field in fields]
        )
        source = ACCOUNT_VIEW.from_clause(asked, fields, few=few)
        rows = f"SELECT {columns} {source} WHERE {ACCOUNT_VIEW.where(asked)}"
        same = "{0} = i.company_id AND {1} = i.cust_id"
        if few:
            own = same.format("c.company_id", "c.cust_id")
            return f"LEFT JOIN LATERAL ({rows} AND {own}) {_JOIN} ON true"
        return f"LEFT JOIN ({rows}) {_JOIN} ON " + same.format(
            f"{_JOIN}.of_company", f"{_JOIN}.of_cust"
        )

    return join


# Filters: fields that there are, compared with values of their types.


def checked_filter(view: RuleView, text: str) -> Condition:
    """Return the condition that a filter says, its values of the types of their fields.

    Raises:
        Refused: with filter_syntax, filter_field_unknown, filter_type_wrong, filter_too_deep or
            filter_too_large.
    """
    condition, problems = read_filter(view, text)
    if problems:
        raise problems[0]
    return condition


def read_filter(view: RuleView, text: str) -> tuple[Condition, Sequence[FilterRefused]]:
    """Return what a filter says, and what is wrong with its fields and values, in order.

    Raises:
        Refused: if the text says no condition, or one that is too large.
    """
    written = read(text)
    checking = _Checking(view, list(written.places))
    return checking.typed(written.condition), checking.problems


def checked_condition(view: RuleView, condition: Condition) -> Condition:
    """Return a condition that was not written, its values of the types of their fields.

    Raises:
        Refused: as of a filter that says it.
    """
    check_size(condition)
    checking = _Checking(view, [Place(1, 1) for _ in comparisons(condition)])
    typed = checking.typed(condition)
    if checking.problems:
        raise checking.problems[0]
    return typed


class _Checking:
    """Goes through a condition from left to right and notes what is wrong."""

    def __init__(self, view: RuleView, places: Sequence[Place]) -> None:
        self.view = view
        self.problems: list[FilterRefused] = []
        self._places = iter(places)

    def typed(self, condition: Condition) -> Condition:
        """Return the condition with values of the types of their fields."""
        match condition:
            case AllOf(parts) | AnyOf(parts):
                return type(condition)(tuple(self.typed(part) for part in parts))
            case Negated(part):
                return Negated(self.typed(part))
            case Compared():
                place = next(self._places)
                try:
                    return _typed(self.view, condition, place)
                except FilterRefused as problem:
                    self.problems.append(problem)
                    return condition


def _typed(view: RuleView, compared: Compared, place: Place) -> Compared:
    field = rule_fields(view).get(_names(view).get(_key(compared.field), ""))
    if field is None:
        raise FilterRefused("filter_field_unknown", _unknown(view, compared.field), place)
    operator, value = compared.operator, compared.value
    if operator is Operator.IS_NULL:
        return Compared(field.name, operator, value)
    if operator not in _ALLOWED.get(field.kind, _ORDERED):
        message = f"{field.name} is {_KINDS[field.kind]} and cannot be compared like this."
        raise FilterRefused("filter_type_wrong", message, place)
    if operator in {Operator.IN, Operator.NOT_IN}:
        value = tuple(_value(field, one, place) for one in value)
    else:
        value = _value(field, value, place)
    return Compared(field.name, operator, value)


def _key(name: str) -> str:
    """Return what spellings of a name have in common: due_date_days, dueDateDays, DueDateDays."""
    return name.replace("_", "").lower()


@cache
def _names(view: RuleView) -> Mapping[str, str]:
    return {_key(name): name for name in rule_fields(view)}


_LIKENESS_MIN = 0.75
"""How alike a name must be to be meant, from 0 to 1."""


def _unknown(view: RuleView, name: str) -> str:
    """Return the sentence that there is no such field, with the one that is meant if one is."""
    names = _names(view)
    records = "accounts" if view is RuleView.ACCOUNT else "documents"
    told = f"{records} have no field {name}."
    key = _key(name)
    meant = names.get(_key(ACCOUNT_PREFIX) + key) or names.get(key.removeprefix(ACCOUNT_PREFIX))
    if meant is None and view is RuleView.ACCOUNT and key in _names(RuleView.INVOICE):
        return f"{told} Documents have: it is for rules about them."
    if meant is None:
        near = get_close_matches(key, names, n=1, cutoff=_LIKENESS_MIN)
        meant = names[near[0]] if near else None
    return f"{told} Do you mean {meant}?" if meant else told


_EQUAL = frozenset({Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN})
_ORDERED = _EQUAL | {Operator.LT, Operator.LTE, Operator.GT, Operator.GTE}
_ALLOWED = {
    Kind.BOOLEAN: _EQUAL,
    Kind.TEXT: _ORDERED | {Operator.CONTAINS, Operator.STARTS_WITH, Operator.MATCHES},
}
"""How values of a kind can be compared, where that is not in order alone."""

_KINDS = {
    Kind.TEXT: 'text, written in quotation marks as in "IN",',
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.MONEY: "an amount",
    Kind.BOOLEAN: "true or false",
    Kind.DATE: "a date, written as in 2015-01-31,",
    Kind.MOMENT: "a moment, written as in 2015-01-31T17:00:00Z,",
}


def _value(field: Field, value: Any, place: Place) -> Any:
    """Return a value as one of its field.

    Raises:
        FilterRefused: if it is of another type.
    """
    match field.kind, value:
        case Kind.TEXT, str():
            return value
        case Kind.BOOLEAN, bool():
            return value
        case _, bool():
            pass
        case Kind.INTEGER, int() | Decimal() if value == int(value):
            if abs(value) <= INTEGER_MAX:
                return int(value)
        case ((Kind.NUMBER | Kind.MONEY), int() | Decimal()):
            if len(f"{Decimal(value):f}") <= DIGITS_MAX:
                return Decimal(value)
        case Kind.MOMENT, datetime():
            return value
        case Kind.DATE, date() if not isinstance(value, datetime):
            return value
        case _:
            pass
    message = f"{field.name} is {_KINDS[field.kind]} and cannot be compared with {_told(value)}."
    raise FilterRefused("filter_type_wrong", message, place)


def _told(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return "text"
        case datetime():
            return "a moment"
        case date():
            return "a date"
        case _:
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
