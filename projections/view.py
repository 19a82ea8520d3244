"""What a view is: records that people list, filter and sort, told field by field.

A view says where its records come from and gives each field one definition: name, kind, SQL and
meaning. Selecting, filtering, sorting, the GraphQL type and the data dictionary all come from it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.site_options import SiteOptions
from projections.credit_score_sql import credit_score_parameters
from projections.open_documents import class_parameters
from projections.projection import Table
from projections.query import as_known


class Kind(StrEnum):
    """What the values of a field are."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    MOMENT = "moment"
    JSON = "json"


class Field(Struct, frozen=True):
    """A field of a view.

    `sql` is its expression over the view's source. A MONEY field names the text field with its
    currency in `currency`. `needs` names the joins of the view that the expression reads.
    `source` cites the requirement. Who reads a `personal` one reads data about a person.
    """

    name: str
    kind: Kind
    description: str
    sql: str
    nullable: bool = False
    currency: str = ""
    needs: tuple[str, ...] = ()
    source: str = ""
    personal: bool = False


class Total(Struct, frozen=True):
    """A figure of a whole list: `sql` adds up, or averages, over its records.

    It reads the view's source and the joins that it `needs`, as a field does. A MONEY total
    names one of the fields that the list is summed up by in `currency`.
    """

    name: str
    kind: Kind
    description: str
    sql: str
    nullable: bool = False
    currency: str = ""
    needs: tuple[str, ...] = ()
    source: str = ""


def sum_of(field: Field) -> Total:
    """Return the total that a field adds up to; unknown values add nothing."""
    return Total(
        field.name,
        field.kind,
        f"The sum over the list. Of each: {field.description}",
        f"coalesce(sum({field.sql}), 0)",
        currency=field.currency,
        needs=field.needs,
        source=field.source,
    )


class Asked(Struct, frozen=True):
    """For whom and for when a view is asked.

    `as_of` is the date of the figures in business terms; records that begin later are left out
    only `in_past`, when somebody asked for that date. `known_at` is the moment as of whose
    knowledge the answer is given (None for now). `viewer` names who asks as the log does, for
    records that only their owner sees; nobody owns those of an empty one. `reader` names the user
    who asks, or the viewer if that is none, for what each reads by themselves. `settled` says that
    no balance changes after the date, so that the present ones need not be traced back to it.
    """

    tenant: int
    options: SiteOptions
    as_of: date
    in_past: bool = False
    known_at: datetime | None = None
    viewer: str = ""
    reader: str = ""
    settled: bool = False

    def rows(self, table: Table) -> str:
        """Return the SQL of a table's rows as known."""
        return f"({as_known(table)})" if self.known_at is not None else table.name

    @property
    def parameters(self) -> dict[str, Any]:
        """The named parameters that every statement over a view may use."""
        return (
            class_parameters(self.as_of)
            | credit_score_parameters(self.options.credit_score_ranges)
            | {
                "tenant": self.tenant,
                "known_at": self.known_at,
                "credit_apr": self.options.credit_apr,
                "default_credit_class": self.options.default_credit_class_id,
                "online_payments": self.options.online_payments,
                "viewer": self.viewer,
                "reader": self.reader,
            }
        )

    def begun(self, column: str) -> str:
        """Return the condition that a record that begins at the date `column` is there."""
        return f"{column} <= %(as_of)s" if self.in_past else "true"


class View(Struct, frozen=True):
    """Records with typed fields.

    `source` gives the FROM clause without joins, `where` which of its rows are the tenant's and
    there on the date, `joins` what a field may need beside them, in the order in which they are
    put. A join that works figures out for all records in one pass may have a twin in `each` that
    does it for one record at a time: where few records are shown and nothing depends on the
    figures of the others. `key` names the fields that tell records apart: every order ends with
    them. A list is summed up to `totals` by the fields `summed_by`, so that currencies never mix.
    """

    name: str
    description: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    source: Callable[[Asked], str]
    where: Callable[[Asked], str]
    joins: Mapping[str, Callable[[Asked], str]] = {}
    each: Mapping[str, Callable[[Asked], str]] = {}
    totals: tuple[Total, ...] = ()
    summed_by: tuple[str, ...] = ()

    def field(self, name: str) -> Field:
        """Return the field of a name.

        Raises:
            KeyError: if the view has none.
        """
        return _by_name(self)[name]

    def from_clause(
        self, asked: Asked, fields: Sequence[Field | Total], *, few: bool = False
    ) -> str:
        """Return FROM with the joins that `fields` need, made for `few` records or for all."""
        needed = {join for field in fields for join in field.needs}
        joins = [
            self.each.get(name, join)(asked) if few else join(asked)
            for name, join in self.joins.items()
            if name in needed
        ]
        return "\n".join([f"FROM {self.source(asked)}", *joins])

    def works_out(self, fields: Sequence[Field]) -> bool:
        """Whether some of `fields` are figures that can be worked out record by record."""
        return any(join in self.each for field in fields for join in field.needs)


_fields_by_name: dict[str, dict[str, Field]] = {}


def _by_name(view: View) -> dict[str, Field]:
    known = _fields_by_name.get(view.name)
    if known is None:
        known = _fields_by_name[view.name] = {field.name: field for field in view.fields}
    return known


def plain(
    alias: str, kind: Kind, described: Mapping[str, str], *, source: str = "", nullable: bool = True
) -> tuple[Field, ...]:
    """Return fields that are columns of the row `alias`, described by name."""
    return tuple(
        Field(name, kind, description, f"{alias}.{name}", nullable=nullable, source=source)
        for name, description in described.items()
    )


def personal(*fields: Field) -> tuple[Field, ...]:
    """Return fields as ones that tell of a person."""
    return tuple(replace(field, personal=True) for field in fields)


def numbered(column: str) -> str:
    """Return the SQL of a number as people write it, with ten digits or more (ISS-02)."""
    return f"lpad({column}::text, greatest(10, length({column}::text)), '0')"
