"""GraphQL types made of views: the object's fields, its filter and its order (one definition).

A view names each field once, in `projections`; here it becomes a field of the GraphQL object, an
operator input of the filter and a value of the order.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ForwardRef, Self, cast

import msgspec
import strawberry
from strawberry.types.unset import UNSET

from api.context import Reading
from api.errors import ApiError, Code
from api.money import Money
from api.scalars import Json
from domain.conditions import ALWAYS, AllOf, AnyOf, Compared, Condition, Negated, Operator
from domain.shared.text import camel
from projections.listing import Order, Record
from projections.view import Field, Kind, View


class ViewObject:
    """An object of a view's record. Fields that the query does not ask for are not there."""

    reading: strawberry.Private[Reading]

    @classmethod
    def of(cls, values: dict[str, Any], reading: Reading) -> Self:
        """Return the object of a record's values by name."""
        made = object.__new__(cls)
        made.__dict__.update(values)
        made.reading = reading
        return made

    def values(self, *names: str) -> tuple[Any, ...]:
        """Return the values of fields that were read."""
        return tuple(self.__dict__[name] for name in names)


_PYTHON_TYPES: dict[Kind, Any] = {
    Kind.TEXT: str,
    Kind.INTEGER: int,
    Kind.NUMBER: Decimal,
    Kind.MONEY: Money,
    Kind.BOOLEAN: bool,
    Kind.DATE: date,
    Kind.MOMENT: datetime,
    Kind.JSON: Json,
}


def object_of(view: View) -> type[ViewObject]:
    """Return the base of a view's object type, with a GraphQL field for each of its fields."""
    annotations: dict[str, Any] = {}
    namespace: dict[str, Any] = {"__annotations__": annotations, "__module__": __name__}
    for field in view.fields:
        python_type = _PYTHON_TYPES[field.kind]
        annotations[field.name] = python_type | None if field.nullable else python_type
        namespace[field.name] = strawberry.field(description=field.description)
    made = type(f"{_pascal(view.name)}Record", (ViewObject,), namespace)
    return cast("type[ViewObject]", strawberry.type(made))


def summary_of(view: View) -> type[ViewObject]:
    """Return the base of the type of a list's totals, with a GraphQL field for each of them."""
    by = [view.field(name) for name in view.summed_by]
    annotations: dict[str, Any] = {"count": int}
    namespace: dict[str, Any] = {
        "__annotations__": annotations,
        "__module__": __name__,
        "count": strawberry.field(description="How many records the list has."),
    }
    for told in (*by, *view.totals):
        python_type = _PYTHON_TYPES[told.kind]
        annotations[told.name] = python_type | None if told.nullable else python_type
        namespace[told.name] = strawberry.field(description=told.description)
    made = type(f"{_pascal(view.name)}Totals", (ViewObject,), namespace)
    return cast("type[ViewObject]", strawberry.type(made))


def total_names(view: View, asked_for: frozenset[str]) -> tuple[str, ...]:
    """Return the totals of a view that a query asks for by their GraphQL names."""
    return tuple(one.name for one in view.totals if camel(one.name) in asked_for)


def totals_of(view: View, names: Sequence[str], record: Record) -> dict[str, Any]:
    """Return the totals of a summary's record, by name."""
    told = (one.name for one in view.totals if one.name in names)
    found = dict(zip((*view.summed_by, "count", *told), record.values, strict=True))
    return money_totals(view, found)


def money_totals(view: View, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return totals by name, with amounts of money as such."""
    told = dict(found)
    for one in view.totals:
        value = found.get(one.name)
        if value is not None and one.kind is Kind.MONEY:
            told[one.name] = Money.of(value, found[one.currency])
    return told


def values_of(view: View, columns: Sequence[str]) -> Callable[[Record], dict[str, Any]]:
    """Return what turns a record with these columns into values by field name."""
    places = {name: place for place, name in enumerate(columns)}
    moneys = [
        (name, place, places[currency])
        for name, place in places.items()
        if (currency := view.field(name).currency)
    ]
    documents = [name for name in columns if view.field(name).kind is Kind.JSON]

    def values(record: Record) -> dict[str, Any]:
        found = dict(zip(columns, record.values, strict=True))
        for name, place, currency in moneys:
            amount = record.values[place]
            if amount is not None:
                found[name] = Money.of(amount, record.values[currency])
        for name in documents:
            if found[name] is not None:
                found[name] = msgspec.json.decode(found[name])
        return found

    return values


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


# Operators: one input type for each kind of value.

_OPERATORS = {
    Operator.EQ: "Equals this.",
    Operator.NE: "Does not equal this; unknown values do not.",
    Operator.IN: "Equals one of these.",
    Operator.NOT_IN: "Equals none of these; unknown values do not.",
    Operator.LT: "Is less than, or before, this.",
    Operator.LTE: "Is at most, or not after, this.",
    Operator.GT: "Is greater than, or after, this.",
    Operator.GTE: "Is at least, or not before, this.",
    Operator.CONTAINS: "Contains this text.",
    Operator.STARTS_WITH: "Starts with this text.",
    Operator.MATCHES: "Contains this text, in capital or small letters.",
    Operator.IS_NULL: "Is unknown (true) or known (false).",
}

_EQUAL = (Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN)
_ORDERED = (Operator.LT, Operator.LTE, Operator.GT, Operator.GTE)
_TEXT = (Operator.CONTAINS, Operator.STARTS_WITH, Operator.MATCHES)


def _operators(name: str, python_type: Any, operators: Sequence[Operator]) -> type[Any]:
    """Return the input type of the operators for a kind of value."""
    annotations: dict[str, Any] = {}
    namespace: dict[str, Any] = {"__annotations__": annotations, "__module__": __name__}
    for operator in (*operators, Operator.IS_NULL):
        key = "in_" if operator is Operator.IN else operator.value
        value_type: Any = python_type
        if operator in {Operator.IN, Operator.NOT_IN}:
            value_type = list[python_type]
        elif operator is Operator.IS_NULL:
            value_type = bool
        annotations[key] = value_type | None
        namespace[key] = strawberry.field(
            name=camel(operator.value), default=UNSET, description=_OPERATORS[operator]
        )
    made = type(name, (), namespace)
    kind = name.removesuffix("Filter").lower()
    return cast(
        "type[Any]",
        strawberry.input(
            made, description=f"Conditions on a {kind} value; all that are given must hold."
        ),
    )


_TextFilter = _operators("StringFilter", str, (*_EQUAL, *_ORDERED, *_TEXT))
_IntegerFilter = _operators("IntFilter", int, (*_EQUAL, *_ORDERED))
_DecimalFilter = _operators("DecimalFilter", Decimal, (*_EQUAL, *_ORDERED))
_BooleanFilter = _operators("BooleanFilter", bool, (Operator.EQ,))
_DateFilter = _operators("DateFilter", date, (*_EQUAL, *_ORDERED))
_MomentFilter = _operators("DateTimeFilter", datetime, (*_EQUAL, *_ORDERED))

_FILTERS = {
    Kind.TEXT: _TextFilter,
    Kind.INTEGER: _IntegerFilter,
    Kind.NUMBER: _DecimalFilter,
    Kind.MONEY: _DecimalFilter,
    Kind.BOOLEAN: _BooleanFilter,
    Kind.DATE: _DateFilter,
    Kind.MOMENT: _MomentFilter,
}


def _can_be_compared(field: Field) -> bool:
    return field.kind in _FILTERS


class FilterInput:
    """A filter of a view: operators by field, and filters within it."""

    and_: list[Any] | None
    or_: list[Any] | None
    not_: Any | None

    def further(self) -> list[Condition]:
        """Return what it says beside that, in fields of its own."""
        return []


def filter_of(view: View, module: str, name: str) -> type[FilterInput]:
    """Return the base of the filter input `name` of `module`, which it refers to within itself."""
    itself: Any = Annotated[ForwardRef(name), strawberry.lazy(module)]
    annotations: dict[str, Any] = {
        "and_": list[itself] | None,
        "or_": list[itself] | None,
        "not_": itself | None,
    }
    namespace: dict[str, Any] = {
        "__annotations__": annotations,
        "__module__": __name__,
        "and_": strawberry.field(name="and", default=UNSET, description="All of these hold."),
        "or_": strawberry.field(name="or", default=UNSET, description="One of these holds."),
        "not_": strawberry.field(name="not", default=UNSET, description="This does not hold."),
    }
    for field in view.fields:
        if _can_be_compared(field):
            annotations[field.name] = _FILTERS[field.kind] | None
            description = field.description
            if field.kind is Kind.MONEY:
                description += " Compared as a number, whatever the currency."
            namespace[field.name] = strawberry.field(default=UNSET, description=description)
    made = type(f"{name}Fields", (_Further,), namespace)
    return cast("type[FilterInput]", strawberry.input(made))


class _Further:
    further = FilterInput.further


def condition(view: View, given: FilterInput | None) -> Condition:
    """Return the condition that a filter input stands for.

    Raises:
        ApiError: if it compares with null.
    """
    if given is None:
        return ALWAYS
    parts: list[Condition] = []
    if isinstance(given.and_, list):
        parts.append(AllOf([condition(view, one) for one in given.and_]))
    if isinstance(given.or_, list):
        parts.append(AnyOf([condition(view, one) for one in given.or_]))
    if given.not_ is not UNSET and given.not_ is not None:
        parts.append(Negated(condition(view, given.not_)))
    for field in view.fields:
        operators = getattr(given, field.name, UNSET)
        if operators is not UNSET and operators is not None:
            parts.extend(_comparisons(field, operators))
    parts.extend(given.further())
    return parts[0] if len(parts) == 1 else AllOf(parts)


def _comparisons(field: Field, given: Any) -> list[Condition]:
    found: list[Condition] = []
    for operator in Operator:
        value = getattr(given, "in_" if operator is Operator.IN else operator.value, UNSET)
        if value is UNSET:
            continue
        if value is None or (isinstance(value, list) and None in value):
            raise ApiError(
                Code.BAD_USER_INPUT,
                f"{camel(field.name)}.{camel(operator.value)} cannot be null; use isNull to find"
                " unknown values.",
            )
        found.append(Compared(field.name, operator, value))
    return found


# Order.

ORDERS_MAX = 20
"""Fields that a list is ordered by at most."""


@strawberry.enum(description="A direction of order. Unknown values stand last in either.")
class OrderDirection(Enum):
    """A direction of order."""

    ASC = strawberry.enum_value("asc", description="From the smallest, first or earliest.")
    DESC = strawberry.enum_value("desc", description="From the largest, last or latest.")


class OrderInput:
    """An order of a view by one field."""

    field: Any
    direction: OrderDirection


def order_of(view: View, name: str) -> type[OrderInput]:
    """Return the base of the order input `name` of a view."""
    values = {
        field.name.upper(): strawberry.enum_value(field.name, description=field.description)
        for field in view.fields
        if _can_be_compared(field)
    }
    members: type[Enum] = Enum(f"{name}Field", values)  # pyright: ignore[reportAssignmentType, reportArgumentType]
    words = view.name.replace("_", " ")
    fields = strawberry.enum(members, description=f"What {words} can be ordered by.")
    namespace: dict[str, Any] = {
        "__annotations__": {"field": fields, "direction": OrderDirection},
        "__module__": __name__,
        "field": strawberry.field(description="By what."),
        "direction": strawberry.field(
            default=OrderDirection.ASC, description="In which direction."
        ),
    }
    return cast("type[OrderInput]", strawberry.input(type(f"{name}Fields", (), namespace)))


def orders(given: Sequence[OrderInput] | None) -> tuple[Order, ...]:
    """Return the order that order inputs stand for.

    Raises:
        ApiError: if they are too many.
    """
    if given is not None and len(given) > ORDERS_MAX:
        raise ApiError(Code.BAD_USER_INPUT, f"orderBy has {ORDERS_MAX} fields at most.")
    return tuple(
        Order(_value(one.field), descending=_value(one.direction) == "desc") for one in given or ()
    )


def _value(member: Any) -> str:
    """Return the value of an enum member, made by `strawberry.enum_value` or plainly."""
    return getattr(member.value, "value", member.value)
