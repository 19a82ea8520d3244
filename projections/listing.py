"""Lists of a view: a condition, an order and a page of it, as one SQL statement.

Pages are cut by key, not by number: the next page begins after the last record's values of the
fields that the list is ordered by, so it costs the same wherever it lies, and records that come
or go meanwhile neither repeat nor hide others. Unknown values stand last in either direction.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from domain.conditions import (
    ALWAYS,
    CONDITIONS_MAX,
    DEPTH_MAX,
    VALUES_MAX,
    AllOf,
    AnyOf,
    Compared,
    Condition,
    Negated,
    Operator,
    comparisons,
)
from projections.query import AS_IT_STANDS, Query, sql
from projections.view import Asked, Field, Kind, Total, View

_NO_NUL = "Text here cannot hold the character NUL."


class ListingError(Exception):
    """The list cannot be made as asked; the message says why."""


class Order(Struct, frozen=True):
    """By which field, and whether from the largest down."""

    field: str
    descending: bool = False


class Cut(Struct, frozen=True):
    """Which part of the list: `count` records after or before the given values of its order.

    With `backward` the last ones are meant.
    """

    count: int
    after: tuple[Any, ...] | None = None
    before: tuple[Any, ...] | None = None
    backward: bool = False


class Listing(Struct, frozen=True):
    """A list of a view's records: which ones, in which order, with which fields.

    `among` is another list of the same view, which may be of another date; only its records are
    meant.
    """

    view: View
    asked: Asked
    select: tuple[str, ...]
    where: Condition = ALWAYS
    order: tuple[Order, ...] = ()
    among: "Listing | None" = None

    @property
    def full_order(self) -> tuple[Order, ...]:
        """The order with the key at its end, which makes it total."""
        named = {one.field for one in self.order}
        return (*self.order, *(Order(name) for name in self.view.key if name not in named))

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields of the answer: those selected, their currencies, those of the order."""
        names: dict[str, None] = {}
        for name in (*self.select, *(one.field for one in self.full_order)):
            names[name] = None
            if currency := self.view.field(name).currency:
                names[currency] = None
        return tuple(names)


class Record(Struct, frozen=True, gc=False):
    """A record of a list: the values of the listing's columns, in order."""

    values: tuple[Any, ...]


def record(*values: Any) -> Record:
    """Return a record of a row."""
    return Record(values)


def page(listing: Listing, cut: Cut) -> Query[Record]:
    """Return the question for a part of a list; backward ones answer from the end on."""
    compiled = _Compiled(listing)
    conditions = [compiled.where]
    keys = compiled.keys()
    for values, following in ((cut.after, True), (cut.before, False)):
        if values is not None:
            conditions.append(_beyond(keys, values, compiled, following=following))
    statement = _part(compiled, keys, conditions, cut.count, backward=cut.backward)
    return Query(sql(statement), compiled.parameters, record)


def page_per_parent(
    listing: Listing, count: int, link: Sequence[str], parents: Sequence[Sequence[str]]
) -> Query[Record]:
    """Return the question for the first `count` records of each of several parents at once.

    `link` names the text fields that hold the parent's key; answers begin with its values.
    """
    compiled = _Compiled(listing)
    keys = compiled.keys()
    arrays = ", ".join(
        f"%({compiled.keep([parent[place] for parent in parents])})s::text[]"
        for place in range(len(link))
    )
    names = ", ".join(f"parent_{place}" for place in range(len(link)))
    linked = " AND ".join(
        f"{compiled.sql(name)} = parent.parent_{place}" for place, name in enumerate(link)
    )
    children = _part(compiled, keys, [compiled.where, linked], count)
    statement = (
        f"SELECT parent.*, child.* FROM unnest({arrays}) AS parent ({names})\n"
        f"CROSS JOIN LATERAL ({children}) child"
    )
    return Query(sql(statement), compiled.parameters, record)


def _part(
    compiled: "_Compiled",
    keys: Sequence[tuple[Order, str]],
    conditions: Sequence[str],
    count: int,
    *,
    backward: bool = False,
) -> str:
    """Return the statement for the first `count` records under some conditions.

    Figures that neither the conditions nor the order depend on are worked out for these records
    alone, once they are found.
    """
    words = [
        f"{'DESC' if one.descending != backward else 'ASC'} NULLS {'FIRST' if backward else 'LAST'}"
        for one, _ in keys
    ]
    order = ", ".join(
        f"{expression} {word}" for (_, expression), word in zip(keys, words, strict=True)
    )
    where = " AND ".join(conditions)
    columns = ", ".join(compiled.view.field(name).sql for name in compiled.columns)
    shown = [compiled.view.field(name) for name in compiled.columns]
    if not compiled.view.works_out(compiled.unused(shown)):
        source = compiled.from_clause(shown)
        return f"SELECT {columns}\n{source}\nWHERE {where}\nORDER BY {order}\nLIMIT {count:d}"
    key = compiled.view.key
    found = ", ".join(
        [
            *(f"{compiled.sql(name)} AS key_{place}" for place, name in enumerate(key)),
            *(f"{expression} AS order_{place}" for place, (_, expression) in enumerate(keys)),
        ]
    )
    same = " AND ".join(
        f"{compiled.view.field(name).sql} = found.key_{place}" for place, name in enumerate(key)
    )
    order_found = ", ".join(f"found.order_{place} {word}" for place, word in enumerate(words))
    source = compiled.view.from_clause(compiled.asked, shown, few=True).removeprefix("FROM ")
    return (
        f"SELECT {columns}\nFROM (\nSELECT {found}\n{compiled.from_clause()}\nWHERE {where}\n"
        f"ORDER BY {order}\nLIMIT {count:d}\n) found CROSS JOIN {source}\n"
        f"WHERE {same} AND {compiled.view.where(compiled.asked)}\nORDER BY {order_found}"
    )


def by_key(listing: Listing, keys: Sequence[Sequence[Any]]) -> Query[Record]:
    """Return the question for the records of `keys`; those that there are answer, in no order."""
    compiled = _Compiled(listing)
    columns = ", ".join(compiled.sql(name) for name in listing.columns)
    names = ", ".join(compiled.sql(name) for name in listing.view.key)
    arrays = ", ".join(
        f"%({compiled.keep([key[place] for key in keys])})s"
        f"::{_TYPES[listing.view.field(name).kind]}[]"
        for place, name in enumerate(listing.view.key)
    )
    statement = (
        f"SELECT {columns}\n{compiled.from_clause(few=True)}\nWHERE {compiled.where}"
        f" AND ({names}) IN (SELECT * FROM unnest({arrays}))"
    )
    return Query(sql(statement), compiled.parameters, record)


def total(listing: Listing) -> Query[int]:
    """Return the question for how many records a list has."""
    compiled = _Compiled(listing)
    statement = f"SELECT count(*)\n{compiled.from_clause()}\nWHERE {compiled.where}"
    return Query(sql(statement), compiled.parameters, int)


def totals_per_parent(
    listing: Listing, link: Sequence[str], parents: Sequence[Sequence[str]]
) -> Query[Record]:
    """Return the question for how many records each of several parents has."""
    compiled = _Compiled(listing)
    keys = ", ".join(compiled.sql(name) for name in link)
    linked = _linked(compiled, link, parents)
    statement = (
        f"SELECT {keys}, count(*)\n{compiled.from_clause()}\nWHERE {compiled.where}"
        f" AND {linked}\nGROUP BY {keys}"
    )
    return Query(sql(statement), compiled.parameters, record)


def summary(
    listing: Listing,
    names: Sequence[str],
    link: Sequence[str] = (),
    parents: Sequence[Sequence[str]] = (),
) -> Query[Record]:
    """Return the question for totals of a list, by the fields that its view is summed up by.

    Answers have the values of those fields, how many records there are, and the totals of
    `names`; with a `link`, they are told for each of several parents, whose keys come first.
    """
    compiled = _Compiled(listing)
    view = listing.view
    totals = [one for one in view.totals if one.name in names]
    groups = [*link, *view.summed_by]
    keys = ", ".join(compiled.sql(name) for name in groups)
    figures = ", ".join(["count(*)", *(one.sql for one in totals)])
    linked = f" AND {_linked(compiled, link, parents)}" if link else ""
    statement = (
        f"SELECT {keys}, {figures}\n{compiled.from_clause(totals)}\nWHERE {compiled.where}"
        f"{linked}\nGROUP BY {keys}\nORDER BY {keys}"
    )
    return Query(sql(statement), compiled.parameters, record)


def keys_of(listing: Listing, *also: str) -> tuple[str, dict[str, Any]]:
    """Return the SQL of the keys of a list's records, for use within others, and its parameters.

    Its columns are the fields of the view's key and those that `also` names.
    """
    compiled = _Compiled(listing)
    columns = ", ".join(compiled.sql(name) for name in (*listing.view.key, *also))
    statement = f"SELECT {columns}\n{compiled.from_clause()}\nWHERE {compiled.where}"
    return statement, compiled.parameters


class Predicates(Struct, frozen=True):
    """Conditions on the records of one view as SQL, to be asked of all of them in one scan.

    `records` is a statement for the records, in which every field that the conditions look at is
    a column of its name, worked out once however many conditions look at it. `holds` are boolean
    expressions over a row `r` of it, never null, in the order of the conditions. All of them use
    the same parameters, which the statement around them may add to; names of parameters that begin
    with `value_` are taken.
    """

    records: str
    holds: tuple[str, ...]
    parameters: dict[str, Any]


def predicates(
    view: View,
    asked: Asked,
    conditions: Sequence[Condition],
    *,
    also: Sequence[str] = (),
    where: Sequence[Field] = (),
) -> Predicates:
    """Return conditions as SQL over one statement for the records of a view.

    It has columns of the fields `also` beside those that the conditions look at. `where` are truth
    values over the view's source: only records of which all are true are meant.

    Raises:
        ListingError: if one of the conditions is too deep or too large, or names another field.
    """
    source = _Compiled(Listing(view, asked, ()))
    shared = {one: f"shared {place}" for place, one in enumerate(_asked_often(conditions))}
    columns = {name: source.condition(one) for one, name in shared.items()}
    worked_out = replace(
        view,
        name=f"{view.name}_worked_out",
        fields=tuple(replace(one, sql=column_of(one.name)) for one in view.fields),
    )
    compiled = _Compiled(Listing(worked_out, asked, ()), shared)
    compiled.parameters = source.parameters
    holds = tuple(f"({compiled.condition(one)}) IS TRUE" for one in conditions)
    for name in also:
        compiled.sql(name)
    columns |= {name: source.sql(name) for name in compiled.used}
    shown = ", ".join(f'{expression} AS "{name}"' for name, expression in columns.items())
    met = " AND ".join([view.where(asked), *(one.sql for one in where)])
    records = f"SELECT {shown}\n{source.from_clause(where)}\nWHERE {met}\n{AS_IT_STANDS}"
    return Predicates(records, holds, compiled.parameters)


def _asked_often(conditions: Sequence[Condition]) -> list[Compared]:
    """Return the comparisons with one value that several conditions make."""
    made: Counter[Compared] = Counter()
    for condition in conditions:
        told = (one for one in comparisons(condition) if one.operator not in _LISTS)
        made.update(dict.fromkeys(told).keys())
    return [one for one, count in made.items() if count > 1]


def column_of(name: str) -> str:
    """Return the SQL of a field of a row of `Predicates.records`."""
    return f'r."{name}"'


def _linked(compiled: "_Compiled", link: Sequence[str], parents: Sequence[Sequence[str]]) -> str:
    """Return the condition that a record belongs to one of the parents."""
    keys = ", ".join(compiled.sql(name) for name in link)
    arrays = ", ".join(
        f"%({compiled.keep([parent[place] for parent in parents])})s::text[]"
        for place in range(len(link))
    )
    return f"({keys}) IN (SELECT * FROM unnest({arrays}))"


class _Compiled:
    """The SQL of a listing's parts, with the parameters that they use.

    Comparisons that are `shared` are columns of their name by now.
    """

    def __init__(self, listing: Listing, shared: Mapping[Compared, str] = {}) -> None:
        self._shared = shared
        self.view = listing.view
        self.asked = listing.asked
        self.columns = listing.columns
        self._order = listing.full_order
        self.parameters: dict[str, Any] = dict(listing.asked.parameters)
        self._used: dict[str, Field] = {}
        self.where = f"{self.view.where(self.asked)} AND {self.condition(listing.where)}"
        if listing.among is not None and listing.among.where != ALWAYS:
            self.where += f" AND {self._among(listing.among)}"

    def sql(self, name: str) -> str:
        """Return the expression of a field, and note that it is used."""
        try:
            field = self.view.field(name)
        except KeyError as unknown:
            raise ListingError(f"{self.view.name} have no field {name}.") from unknown
        self._used[name] = field
        return field.sql

    def keep(self, value: Any) -> str:
        """Make a value a parameter; return its name."""
        texts = cast("list[Any]", value) if isinstance(value, list) else [value]
        if any(isinstance(one, str) and "\x00" in one for one in texts):
            raise ListingError(_NO_NUL)
        name = f"value_{len(self.parameters)}"
        self.parameters[name] = value
        return name

    @property
    def used(self) -> Collection[str]:
        """The fields on which something depends so far."""
        return self._used.keys()

    def keys(self) -> list[tuple[Order, str]]:
        """Return the order with the expressions that it is by."""
        return [(one, self.sql(one.field)) for one in self._order]

    def unused(self, fields: Sequence[Field]) -> list[Field]:
        """Return those of `fields` on which nothing depends so far."""
        return [field for field in fields if field.name not in self._used]

    def from_clause(self, also: Sequence[Field | Total] = (), *, few: bool = False) -> str:
        """Return FROM with what the fields used so far need, and those of `also`."""
        return self.view.from_clause(self.asked, [*self._used.values(), *also], few=few)

    def condition(self, condition: Condition) -> str:
        """Return the SQL of one more condition, which has limits of its own."""
        self._count = 0
        return self._condition(condition, 1)

    def _among(self, listing: Listing) -> str:
        """Return the condition that a record is in another list, with parameters of its own."""
        statement, parameters = keys_of(listing)
        self.parameters |= {f"among_{name}": value for name, value in parameters.items()}
        keys = ", ".join(self.sql(name) for name in self.view.key)
        return f"({keys}) IN ({_PARAMETER.sub(r'%(among_', statement)})"

    def _condition(self, condition: Condition, depth: int) -> str:
        if depth > DEPTH_MAX:
            raise ListingError(f"Filters may be nested {DEPTH_MAX} deep at most.")
        match condition:
            case AllOf(parts):
                return self._joined(parts, " AND ", "true", depth)
            case AnyOf(parts):
                return self._joined(parts, " OR ", "false", depth)
            case Negated(part):
                return f"({self._condition(part, depth + 1)}) IS NOT TRUE"
            case Compared():
                return self._compared(condition)

    def _joined(self, parts: Sequence[Condition], word: str, empty: str, depth: int) -> str:
        if not parts:
            return empty
        return "(" + word.join(self._condition(part, depth + 1) for part in parts) + ")"

    def _compared(self, condition: Compared) -> str:
        self._count += 1
        if self._count > CONDITIONS_MAX:
            raise ListingError(f"A filter may have {CONDITIONS_MAX} comparisons at most.")
        if condition.operator not in _LISTS and condition in self._shared:
            return column_of(self._shared[condition])
        expression = self.sql(condition.field)
        kind = self.view.field(condition.field).kind
        value, operator = condition.value, condition.operator
        if operator is Operator.IS_NULL:
            return f"({expression}) IS {'' if value else 'NOT '}NULL"
        if operator in _LISTS:
            if len(value) > VALUES_MAX:
                raise ListingError(f"A comparison may have {VALUES_MAX} values at most.")
            holds = f"({expression}) = ANY(%({self.keep(list(value))})s::{_TYPES[kind]}[])"
            return holds if operator is Operator.IN else f"({holds}) IS NOT TRUE"
        if operator in _PATTERNS:
            before, after, word = _PATTERNS[operator]
            pattern = before + _escaped(value) + after
            return f"({expression}) {word} %({self.keep(pattern)})s"
        given = f"%({self.keep(value)})s::{_TYPES[kind]}"
        if (figure := _OR_ZERO.fullmatch(expression)) and not _holds_of_zero(operator, value):
            expression = figure[1]
        return f"({expression}) {_COMPARISONS[operator]} {given}"


_PARAMETER = re.compile(r"%\(")

_LISTS = frozenset({Operator.IN, Operator.NOT_IN})

_COMPARISONS = {
    Operator.EQ: "=",
    Operator.NE: "IS DISTINCT FROM",
    Operator.LT: "<",
    Operator.LTE: "<=",
    Operator.GT: ">",
    Operator.GTE: ">=",
}

_OR_ZERO = re.compile(r"coalesce\((\w+\.\w+), 0\)")
"""A figure of a join, which is 0 of the records that the join has no row for.

A comparison that does not hold of 0 is made with the figure itself. Both mean the same, but then
PostgreSQL knows that the other records are left out, and may begin with the rows of the join.
"""


def _holds_of_zero(operator: Operator, value: Any) -> bool:
    """Whether a comparison with a number may hold of 0."""
    match operator:
        case Operator.GT:
            return value < 0
        case Operator.GTE:
            return value <= 0
        case Operator.LT:
            return value > 0
        case Operator.LTE:
            return value >= 0
        case Operator.EQ:
            return value == 0
        case _:
            return True


_PATTERNS = {
    Operator.CONTAINS: ("%", "%", "LIKE"),
    Operator.STARTS_WITH: ("", "%", "LIKE"),
    Operator.MATCHES: ("%", "%", "ILIKE"),
}

_TYPES = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "numeric",
    Kind.MONEY: "numeric",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.MOMENT: "timestamptz",
}


def _escaped(text: str) -> str:
    """Return text as a pattern that only it matches."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _beyond(
    keys: Sequence[tuple[Order, str]],
    values: Sequence[Any],
    compiled: _Compiled,
    *,
    following: bool,
) -> str:
    """Return the condition that a record follows (or precedes) the one with these values."""
    if len(values) != len(keys):
        raise ListingError("The cursor belongs to another order.")
    kept = [
        None
        if value is None
        else f"%({compiled.keep(value)})s::{_TYPES[compiled.view.field(one.field).kind]}"
        for (one, _), value in zip(keys, values, strict=True)
    ]
    if all(value is not None for value in kept) and _uniform(keys, compiled.view):
        sign = ">" if keys[0][0].descending != following else "<"
        return f"({', '.join(key for _, key in keys)}) {sign} ({', '.join(map(str, kept))})"
    ways: list[str] = []
    equal: list[str] = []
    for (one, expression), value in zip(keys, kept, strict=True):
        step = _one_beyond(
            expression, value, rising=one.descending != following, following=following
        )
        if step is not None:
            ways.append(" AND ".join([*equal, step]))
        equal.append(f"{expression} IS NULL" if value is None else f"{expression} = {value}")
    return "(" + " OR ".join(f"({way})" for way in ways) + ")" if ways else "false"


def _uniform(keys: Sequence[tuple[Order, str]], view: View) -> bool:
    """Whether one comparison of rows, which an index can answer, says it all."""
    directions = {one.descending for one, _ in keys}
    return len(directions) == 1 and not any(view.field(one.field).nullable for one, _ in keys)


def _one_beyond(expression: str, value: str | None, *, rising: bool, following: bool) -> str | None:
    """Return the condition that one value lies beyond another; unknown ones come last."""
    if following:
        if value is None:
            return None
        return f"({expression} {'>' if rising else '<'} {value} OR {expression} IS NULL)"
    if value is None:
        return f"{expression} IS NOT NULL"
    return f"{expression} {'>' if rising else '<'} {value}"


def typed(kind: Kind, value: Any) -> Any:
    """Return the value that a JSON value of a cursor stands for.

    Raises:
        ValueError: if it stands for none.
    """
    if value is None:
        return None
    match kind:
        case Kind.DATE:
            return date.fromisoformat(value)
        case Kind.MOMENT:
            return datetime.fromisoformat(value)
        case Kind.NUMBER | Kind.MONEY:
            return Decimal(value)
        case Kind.INTEGER:
            return int(value)
        case Kind.BOOLEAN:
            return bool(value)
        case Kind.TEXT | Kind.JSON:
            return str(value)
