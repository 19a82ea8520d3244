"""Conditions on the fields of a record, as a tree: what filters and rules are made of.

A condition compares one field with a value. Unknown values (null) meet no comparison but
`IS_NULL`, `NE` and `NOT_IN`: what is not known to equal a value differs from it. So every
condition is true or false of a record, and never undecided.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

from msgspec import Struct


class Operator(StrEnum):
    """How a field is compared with a value."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    MATCHES = "matches"
    """The text contains the value, whatever the case of either."""
    IS_NULL = "is_null"


class Compared(Struct, frozen=True):
    """A field compared with a value; with a list for IN and NOT_IN, a truth value for IS_NULL."""

    field: str
    operator: Operator
    value: Any


class AllOf(Struct, frozen=True):
    """Every part holds; none at all always does."""

    parts: Sequence["Condition"]


class AnyOf(Struct, frozen=True):
    """At least one part holds."""

    parts: Sequence["Condition"]


class Negated(Struct, frozen=True):
    """The part does not hold."""

    part: "Condition"


Condition: TypeAlias = Compared | AllOf | AnyOf | Negated

ALWAYS = AllOf(())
"""What holds of every record."""


def holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    """Return whether a condition is true of a record's values, exactly as in SQL."""
    raise NotImplementedError(condition, values)


def first_failing(condition: Condition, values: Mapping[str, Any]) -> Condition | None:
    """Return the first part that does not hold: a comparison, a negation or a whole choice."""
    raise NotImplementedError(condition, values)


def described(condition: Condition) -> str:
    """Return a condition as a piece of an English sentence, such as "balance is greater than 0"."""
    raise NotImplementedError(condition)
