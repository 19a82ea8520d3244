"""Conditions on the fields of a record, as a tree: what filters and rules are made of.

A condition compares one field with a value. Unknown values (null) meet no comparison but
`IS_NULL`, `NE` and `NOT_IN`: what is not known to equal a value differs from it. So every
condition is true or false of a record, and never undecided. Text is ordered by its code points.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeAlias

from msgspec import Struct

from domain.shared.decider import Refused

CONDITIONS_MAX = 200
"""Comparisons in one condition at most."""

DEPTH_MAX = 12
"""Conditions within conditions at most."""

VALUES_MAX = 1_000
"""Values of one comparison with a list at most."""


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

NEVER = AnyOf(())
"""What holds of none."""


def comparisons(condition: Condition) -> Iterator[Compared]:
    """Return the comparisons of a condition from left to right, however deep it is."""
    waiting = [condition]
    while waiting:
        match waiting.pop():
            case AllOf(parts) | AnyOf(parts):
                waiting.extend(reversed(parts))
            case Negated(part):
                waiting.append(part)
            case Compared() as one:
                yield one


def fields_of(condition: Condition) -> frozenset[str]:
    """Return the names of the fields that a condition reads."""
    return frozenset(one.field for one in comparisons(condition))


_LISTS = frozenset({Operator.IN, Operator.NOT_IN})


def check_size(condition: Condition) -> None:
    """Let only conditions pass that can be evaluated.

    Raises:
        Refused: if it is nested too deep, or has too many comparisons or values.
    """
    waiting = [(condition, 1)]
    count = 0
    while waiting:
        one, depth = waiting.pop()
        if depth > DEPTH_MAX:
            raise too_deep()
        match one:
            case AllOf(parts) | AnyOf(parts):
                waiting.extend((part, depth + 1) for part in parts)
            case Negated(part):
                waiting.append((part, depth + 1))
            case Compared(operator=operator, value=value):
                count += 1
                if operator in _LISTS and len(value) > VALUES_MAX:
                    raise too_many_values()
    if count > CONDITIONS_MAX:
        raise too_many_comparisons()


def too_deep() -> Refused:
    """Return the refusal of a condition with too many conditions within conditions."""
    return Refused("filter_too_deep", f"Filters may be nested {DEPTH_MAX} deep at most.", "filter")


def too_many_comparisons() -> Refused:
    """Return the refusal of a condition with too many comparisons."""
    return Refused(
        "filter_too_large", f"A filter may have {CONDITIONS_MAX} comparisons at most.", "filter"
    )


def too_many_values() -> Refused:
    """Return the refusal of a comparison with too many values."""
    return Refused("filter_too_large", f"A list may have {VALUES_MAX:,} values at most.", "filter")


def simplified(condition: Condition) -> Condition:
    """Return a condition whose groups have no part or several, and whose lists are tuples.

    It holds of the same records. The condition must not be too deep.
    """
    match condition:
        case AllOf(parts) | AnyOf(parts):
            if len(parts) == 1:
                return simplified(parts[0])
            return type(condition)(tuple(simplified(part) for part in parts))
        case Negated(part):
            return Negated(simplified(part))
        case Compared(field, operator, value) if operator in _LISTS:
            return Compared(field, operator, tuple(value))
        case Compared():
            return condition


def holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    """Return whether a condition is true of a record's values, exactly as in SQL.

    The condition must not be too deep. A field that `values` lacks is unknown.
    """
    match condition:
        case AllOf(parts):
            return all(holds(part, values) for part in parts)
        case AnyOf(parts):
            return any(holds(part, values) for part in parts)
        case Negated(part):
            return not holds(part, values)
        case Compared(field, operator, value):
            return _meets(values.get(field), operator, value)


def first_failing(condition: Condition, values: Mapping[str, Any]) -> Condition | None:
    """Return the first part that does not hold: a comparison, a negation or a whole choice.

    None if the condition holds.
    """
    if isinstance(condition, AllOf):
        found = (first_failing(part, values) for part in condition.parts)
        return next((one for one in found if one is not None), None)
    return None if holds(condition, values) else condition


def _meets(found: Any, operator: Operator, value: Any) -> bool:
    """Return whether a value that was found compares with the one of a condition."""
    match operator:
        case Operator.IS_NULL:
            return (found is None) == value
        case Operator.NE:
            return found is None or bool(found != value)
        case Operator.NOT_IN:
            return found is None or found not in value
        case _ if found is None:
            return False
        case Operator.IN:
            return found in value
        case _:
            return bool(_COMPARED[operator](found, value))


_CAPITALS = {ord(one): ord(one.lower()) for one in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def _small(text: str) -> str:
    """Return text in small letters as the collation "C" has them: those of ASCII alone."""
    return text.translate(_CAPITALS)


_COMPARED: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: lambda found, value: found == value,
    Operator.LT: lambda found, value: found < value,
    Operator.LTE: lambda found, value: found <= value,
    Operator.GT: lambda found, value: found > value,
    Operator.GTE: lambda found, value: found >= value,
    Operator.CONTAINS: lambda found, value: value in found,
    Operator.STARTS_WITH: lambda found, value: found.startswith(value),
    Operator.MATCHES: lambda found, value: _small(value) in _small(found),
}


def described(condition: Condition) -> str:
    """Return a condition as a piece of an English sentence, such as "balance is greater than 0".

    The condition must not be too deep.
    """
    match condition:
        case AllOf(parts):
            return _listed(parts, "and") or "anything goes"
        case AnyOf(parts):
            return _listed(parts, "or") or "nothing does"
        case Negated(part):
            return f"it is not so that {described(part)}"
        case Compared(field, operator, value):
            return f"{field_words(field)} {_told(operator, value)}"


def _listed(parts: Sequence[Condition], word: str) -> str:
    """Return parts with a word between them; groups within stand in brackets."""
    told = [
        f"({described(part)})" if isinstance(part, (AllOf, AnyOf)) else described(part)
        for part in parts
    ]
    return f" {word} ".join(told)


def _told(operator: Operator, value: Any) -> str:
    in_time = isinstance(value, date)
    match operator:
        case Operator.IS_NULL:
            return "is unknown" if value else "is known"
        case Operator.EQ if isinstance(value, bool):
            return "holds" if value else "does not hold"
        case Operator.IN:
            return f"is one of {_values(value)}"
        case Operator.NOT_IN:
            return f"is none of {_values(value)}"
        case _:
            words = _IN_TIME.get(operator) if in_time else None
            return f"{words or _WORDS[operator]} {_value(value)}"


def _values(values: Sequence[Any]) -> str:
    return ", ".join(_value(one) for one in values) or "nothing"


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case Decimal():
            return f"{value:f}"
        case datetime():
            return f"{value:%d %B %Y %H:%M:%S %Z}".lstrip("0")
        case date():
            return f"{value.day} {value:%B} {value.year}"
        case _:
            return str(value)


_WORDS = {
    Operator.EQ: "is",
    Operator.NE: "is not",
    Operator.LT: "is less than",
    Operator.LTE: "is at most",
    Operator.GT: "is greater than",
    Operator.GTE: "is at least",
    Operator.CONTAINS: "contains",
    Operator.STARTS_WITH: "starts with",
    Operator.MATCHES: "contains, in whatever case,",
}

_IN_TIME = {
    Operator.LT: "is before",
    Operator.LTE: "is on or before",
    Operator.GT: "is after",
    Operator.GTE: "is on or after",
}


@lru_cache(maxsize=1_024)
def field_words(name: str) -> str:
    """Return what a field is called in a sentence: "days past the due date" of due_date_days."""
    *owner, own = name.split(".")
    words = _NAMES.get(own) or " ".join(_PARTS.get(part, part) for part in own.split("_"))
    return f"the account's {words}" if owner else words


_NAMES = {
    "balance_hc": "balance in home currency",
    "due_date_days": "days past the due date",
    "tran_date_days": "days since its date",
    "tran_id": "document number",
    "cust_id": "customer id",
    "cust_name": "customer name",
    "cust_po_no": "customer PO number",
    "credit_class_id": "credit class",
    "date_estab": "date established",
    "open_issue_cnt": "count of open issues",
    "no_over_due_inv": "count of documents past due",
    "oldest_tran_date_days": "age of the oldest document in days",
    "last_activity_days": "days since the last activity",
    **{f"udf{number}": f"user-defined field {number}" for number in range(1, 11)},
}

_PARTS = {
    "addr": "address",
    "amt": "amount",
    "avg": "average",
    "cmnt": "comment",
    "cnt": "count",
    "com": "communication",
    "curr": "currency",
    "cust": "customer",
    "disc": "discount",
    "estab": "established",
    "hc": "in home currency",
    "inv": "documents",
    "no": "number",
    "orig": "original",
    "pmt": "payment",
    "pmts": "payments",
    "po": "PO",
    "proj": "projected",
    "sched": "schedule",
    "sper": "sales person",
    "tran": "document",
}
