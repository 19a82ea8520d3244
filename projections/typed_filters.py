"""Conditions whose fields there are, compared with values of their types.

Whoever writes a condition is told the first thing that is wrong with it, and where.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from domain.conditions import (
    AllOf,
    AnyOf,
    Compared,
    Condition,
    Negated,
    Operator,
    check_size,
    comparisons,
)
from domain.rule_language import DIGITS_MAX, FilterRefused, Place, read
from projections.view import Field, Kind, View

INTEGER_MAX = 2**63 - 1
"""The largest whole number that a field is compared with."""


def _no_such_field(name: str) -> str | None:  # noqa: ARG001
    return None


class Vocabulary(Struct, frozen=True):
    """The fields that conditions may name, by name, and how those who miss one are helped.

    `records` are what has the fields, as people call them. `helped` returns the sentence that
    follows on a name that there is none of, where more can be said than what is spelled alike.
    """

    records: str
    fields: Mapping[str, Field]
    names: Mapping[str, str]
    helped: Callable[[str], str | None] = _no_such_field

    def unknown(self, name: str) -> str:
        """Return the sentence that there is no such field, with the one that is meant if any is."""
        told = f"{self.records} have no field {name}."
        if more := self.helped(name):
            return f"{told} {more}"
        near = get_close_matches(spelling(name), self.names, n=1, cutoff=_LIKENESS_MIN)
        return f"{told} Do you mean {self.names[near[0]]}?" if near else told


def vocabulary(
    records: str,
    fields: Mapping[str, Field],
    helped: Callable[[str], str | None] = _no_such_field,
) -> Vocabulary:
    """Return a vocabulary of fields by name; lists of values among them cannot be compared."""
    compared = {name: field for name, field in fields.items() if field.kind is not Kind.JSON}
    return Vocabulary(records, compared, {spelling(name): name for name in compared}, helped)


def vocabulary_of(view: View) -> Vocabulary:
    """Return the vocabulary of a view's fields."""
    return vocabulary(view.name.replace("_", " "), {field.name: field for field in view.fields})


def spelling(name: str) -> str:
    """Return what spellings of a name have in common: due_date_days, dueDateDays, DueDateDays."""
    return name.replace("_", "").lower()


_LIKENESS_MIN = 0.75
"""How alike a name must be to be meant, from 0 to 1."""


def read_typed(known: Vocabulary, text: str) -> tuple[Condition, Sequence[FilterRefused]]:
    """Return what a filter says, and what is wrong with its fields and values, in order.

    Raises:
        Refused: if the text says no condition, or one that is too large.
    """
    written = read(text)
    checking = _Checking(known, list(written.places))
    return checking.typed(written.condition), checking.problems


def checked_typed(known: Vocabulary, text: str) -> Condition:
    """Return the condition that a filter says, its values of the types of their fields.

    Raises:
        Refused: with filter_syntax, filter_field_unknown, filter_type_wrong, filter_too_deep or
            filter_too_large.
    """
    condition, problems = read_typed(known, text)
    if problems:
        raise problems[0]
    return condition


def typed_condition(known: Vocabulary, condition: Condition) -> Condition:
    """Return a condition that was not written, its values of the types of their fields.

    Raises:
        Refused: as of a filter that says it.
    """
    check_size(condition)
    checking = _Checking(known, [Place(1, 1) for _ in comparisons(condition)])
    typed = checking.typed(condition)
    if checking.problems:
        raise checking.problems[0]
    return typed


class _Checking:
    """Goes through a condition from left to right and notes what is wrong."""

    def __init__(self, known: Vocabulary, places: Sequence[Place]) -> None:
        self.known = known
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
                    return _typed(self.known, condition, place)
                except FilterRefused as problem:
                    self.problems.append(problem)
                    return condition


def _typed(known: Vocabulary, compared: Compared, place: Place) -> Compared:
    field = known.fields.get(known.names.get(spelling(compared.field), ""))
    if field is None:
        raise FilterRefused("filter_field_unknown", known.unknown(compared.field), place)
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
