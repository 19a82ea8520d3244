"""What differs between two agings, document by document.

Both are worked out by the SQL of aging, document by document; what is the same in both is left
out, so that the differences of documents add up to those of the buckets exactly. Of one date as
known at two moments, most of it is not even looked at: what was known at both counts alike.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from domain.aging import Basis
from domain.site_options import SiteOptions
from projections.aging import AgingBy, aged
from projections.contributions import Part, Place
from projections.corrections import corrected_keys
from projections.figure_records import OPEN_ITEMS, RecordKind, id_sql, kind_sql
from projections.open_documents import BALANCES_HISTORY, any_step, class_parameters
from projections.query import Query, sql

_PARAMETER = re.compile(r"%\(")

_ORDER = ("rank", "company_id", "kind", "record_id")
"""What changes are ordered by: those that moved most first."""


class AgingMoment(Struct, frozen=True):
    """The date of an aging and the moment as of whose knowledge it is; None for now."""

    as_of: date
    known_at: datetime | None = None


class Compared(Struct, frozen=True):
    """Two agings of a site, of a company or an account of it if they are given."""

    tenant: int
    options: SiteOptions
    before: AgingMoment
    after: AgingMoment
    basis: Basis
    company_id: str | None = None
    cust_id: str | None = None


class ChangedCell(Struct, frozen=True):
    """What a record adds to a bucket (an index into the labels) of an account in both agings."""

    cust_id: str
    bucket: int
    before: Decimal
    after: Decimal
    count_before: int
    count_after: int


class ChangedRecord(Struct, frozen=True):
    """A record with everything of it that differs."""

    company_id: str
    kind: RecordKind
    record_id: str
    rank: Decimal
    cells: Sequence[ChangedCell]

    @property
    def place(self) -> Place:
        """Where it stands among all changes."""
        return Place(self.rank, self.company_id, "", self.kind.value, self.record_id)


class ChangedBucket(Struct, frozen=True):
    """By how much documents changed a bucket of a group together."""

    company_id: str
    cust_id: str | None
    bucket: int
    difference: Decimal
    count_difference: int


class Changes(Struct, frozen=True):
    """The SQL of all cells that differ, and its parameters."""

    statement: str
    parameters: Mapping[str, Any]


def changes(compared: Compared) -> Changes:
    """Return what differs between two agings.

    The columns are company_id, cust_id, kind, record_id, bucket, before, after, count_before and
    count_after.
    """
    keys = [("b.company_id", "company_id"), ("b.cust_id", "cust_id")]
    keys += [(f"b.{column}", column) for column in OPEN_ITEMS.values()]
    sides: list[str] = []
    parameters: dict[str, Any] = {}
    for name, moment in (("before", compared.before), ("after", compared.after)):
        cells = aged(
            compared.options,
            keys,
            basis=compared.basis,
            known_at=moment.known_at,
            of_company=compared.company_id is not None,
            of_account=compared.cust_id is not None,
            steps=_changed_steps(compared, moment),
        )
        told = ", ".join(
            figure if name == side else "0"
            for figure in ("cells.amount", "cells.documents")
            for side in ("before", "after")
        )
        columns = ", ".join(f"cells.{column}" for _, column in keys)
        statement = f"SELECT {columns}, cells.bucket, {told} FROM ({cells}) cells"
        sides.append(_PARAMETER.sub(f"%({name}_", statement))
        given = class_parameters(moment.as_of) | {
            "tenant": compared.tenant,
            "known_at": moment.known_at,
            "company_id": compared.company_id,
            "cust_id": compared.cust_id,
            "earlier": compared.before.known_at,
            "later": compared.after.known_at,
        }
        parameters |= {f"{name}_{one}": value for one, value in given.items()}
    names = ", ".join(column for _, column in keys)
    statement = f"""
        SELECT c.company_id, c.cust_id, {kind_sql("c", OPEN_ITEMS)} COLLATE "C" AS kind,
               {id_sql("c", OPEN_ITEMS)} COLLATE "C" AS record_id, c.bucket,
               sum(c.before) AS before, sum(c.after) AS after,
               sum(c.count_before)::bigint AS count_before,
               sum(c.count_after)::bigint AS count_after
        FROM ({" UNION ALL ".join(sides)})
            AS c ({names}, bucket, before, after, count_before, count_after)
        GROUP BY 1, 2, 3, 4, 5
        HAVING sum(c.before) <> sum(c.after) OR sum(c.count_before) <> sum(c.count_after)"""
    return Changes(statement, parameters)


def _changed_steps(compared: Compared, moment: AgingMoment) -> Callable[[str], str]:
    """Return which steps of balances may differ, of one of the agings.

    At two dates, all. At one date those that were not known at the other moment; and those of
    documents that are corrected at either, whose amounts the corrections change.
    """
    before, after = compared.before, compared.after
    if before.as_of != after.as_of or before.known_at is None:
        return any_step
    earlier = corrected_keys(before.known_at).replace("%(known_at)s", "%(earlier)s")
    later = corrected_keys(after.known_at).replace("%(known_at)s", "%(later)s")
    corrected = f"(b.company_id, b.tran_id) IN ({earlier} UNION {later})"
    if moment is after:
        return lambda _: f"(b.known_from > %(earlier)s OR {corrected})"
    ended = "true" if after.known_at is None else "b.known_to <= %(later)s"
    return lambda table: f"({ended} OR {corrected})" if table == BALANCES_HISTORY else corrected


def changed_buckets(found: Changes, by: AgingBy) -> Query[ChangedBucket]:
    """Return the question by how much documents changed each bucket of each group."""
    account = "c.cust_id" if by is AgingBy.ACCOUNT else "NULL::text"
    statement = f"""
        SELECT c.company_id, {account} AS cust_id, c.bucket, sum(c.after - c.before),
               sum(c.count_after - c.count_before)::bigint
        FROM ({found.statement}) c
        GROUP BY 1, 2, 3
        ORDER BY 1, 2, 3"""
    return Query(sql(statement), found.parameters, ChangedBucket)


def changed_count(found: Changes) -> Query[int]:
    """Return the question how many records differ."""
    statement = f"""SELECT count(*) FROM (
        SELECT DISTINCT c.company_id, c.kind, c.record_id FROM ({found.statement}) c) r"""
    return Query(sql(statement), found.parameters, int)


def changed_records(found: Changes, part: Part) -> Query[ChangedRecord]:
    """Return the question for a part of the records that differ, those that moved most first.

    Backward parts answer from the end on.
    """
    parameters = dict(found.parameters)
    conditions = part.conditions(_ORDER, parameters)
    arrays = ", ".join(
        f"array_agg(c.{name} ORDER BY c.bucket, c.cust_id) AS {name}"
        for name in ChangedCell.__struct_fields__
    )
    statement = f"""
        SELECT company_id, kind, record_id, rank,
               {", ".join(ChangedCell.__struct_fields__)}
        FROM (
            SELECT c.company_id, c.kind, c.record_id, -sum(abs(c.after - c.before)) AS rank,
                   {arrays}
            FROM ({found.statement}) c
            GROUP BY 1, 2, 3
        ) r
        WHERE {" AND ".join(conditions) or "true"}
        ORDER BY {part.order_by(_ORDER)} LIMIT {part.count:d}"""
    return Query(sql(statement), parameters, _record)


def _record(
    company_id: str, kind: str, record_id: str, rank: Decimal, *columns: Sequence[Any]
) -> ChangedRecord:
    cells = [ChangedCell(*values) for values in zip(*columns, strict=True)]
    return ChangedRecord(company_id, RecordKind(kind), record_id, rank, cells)


def positions(tenant: int, moments: Sequence[datetime | None]) -> Query[int]:
    """Return the question for the position of the log at each moment; its end for None."""
    statement = """
        SELECT CASE WHEN m.known_at IS NULL THEN h.position
               ELSE public.position_at(%(tenant)s, m.known_at) END
        FROM unnest(%(moments)s::timestamptz[]) WITH ORDINALITY AS m (known_at, place)
        LEFT JOIN public.heads h ON h.tenant = %(tenant)s
        ORDER BY m.place"""
    return Query(sql(statement), {"tenant": tenant, "moments": list(moments)}, _position)


def _position(position: int | None) -> int:
    return position or 0
