"""Which event of the log established a value that a rule's condition looks at."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from domain.account import ACCOUNT
from domain.account_care import ACCOUNT_CARE as CARE
from domain.activity import ACTIVITY
from domain.dispute import DISPUTE
from domain.invoice import INVOICE
from domain.issue import ISSUE
from domain.pending_payment import PENDING_PAYMENT
from domain.promise import PROMISE
from domain.rule_view import RuleView
from domain.shared.decider import Decider
from domain.shared.streams import stream_name
from eventstore.codec import decode
from eventstore.encryption import KEY_COLUMNS, KEY_JOIN, open_with
from eventstore.log import Recorded
from projections.account_care import ACCOUNT_CARE
from projections.accounts import ACCOUNTS
from projections.activities import ACTIVITIES
from projections.disputes import DISPUTES
from projections.invoices import INVOICES
from projections.issues import ISSUES
from projections.pending_payments import PENDING_PAYMENTS
from projections.projection import ReadModel, Table
from projections.promises import PROMISES
from projections.query import Query, sql
from projections.rule_views import ACCOUNT_PREFIX, rule_fields
from projections.view import Field

RECORDS_MAX = 500
"""Records that a figure is made of and whose events are looked at, the newest, at most."""


class Evidence(Struct, frozen=True):
    """An event: the last of those that a value is made of."""

    position: int
    stream: str
    type: str
    effective_on: date
    recorded_at: datetime


class Source(Struct, frozen=True):
    """Where a value comes from: one stream with columns of its row, or records of an account.

    `table` None stands for the stream itself.
    """

    decider: Decider[Any, Any, Any]
    read_model: ReadModel[Any, Any]
    columns: frozenset[str] = frozenset()
    table: Table | None = None
    id_column: str = ""
    by_document: bool = False


_OF_RECORDS: Mapping[str, Source] = {
    need: Source(decider, model, table=model.tables[0], id_column=column, by_document=documents)
    for need, decider, model, column, documents in (
        ("disputed", DISPUTE, DISPUTES, "dispute_id", True),
        ("disputes", DISPUTE, DISPUTES, "dispute_id", False),
        ("open_promises", PROMISE, PROMISES, "promise_id", False),
        ("broken_promises", PROMISE, PROMISES, "promise_id", False),
        ("issues", ISSUE, ISSUES, "issue_id", False),
        ("open_activities", ACTIVITY, ACTIVITIES, "activity_id", False),
        ("closed_activities", ACTIVITY, ACTIVITIES, "activity_id", False),
        ("last_activity", ACTIVITY, ACTIVITIES, "activity_id", False),
        ("pending", PENDING_PAYMENT, PENDING_PAYMENTS, "pending_payment_id", False),
        *(
            (need, INVOICE, INVOICES, "tran_id", False)
            for need in ("open", "past_due", "sold", "paid", "paid_by_size", "expected")
        ),
    )
}
"""Join of a view -> the records that its figures are made of."""

_ROWS: Mapping[str, tuple[Decider[Any, Any, Any], ReadModel[Any, Any]]] = {
    "c": (ACCOUNT, ACCOUNTS),
    "g": (CARE, ACCOUNT_CARE),
    "i": (INVOICE, INVOICES),
}
"""Alias of a row in the SQL of fields -> the stream that the row is of."""

_OPEN = re.compile(r"\b[ob]\.")
"""What of a document is open, as a whole or by age."""

_COLUMN = re.compile(r"\b([cgi])\.(\w+)")


def sources_of(view: RuleView, name: str) -> list[Source]:
    """Return where a field of a rule's view comes from."""
    field, of_document = _field(view, name)
    found: list[Source] = []
    for alias, (decider, read_model) in _ROWS.items():
        columns = {column for one, column in _COLUMN.findall(field.sql) if one == alias}
        if alias == "i" and of_document and _OPEN.search(field.sql):
            columns |= {"balance", "balance_hc"}
        if columns:
            found.append(Source(decider, read_model, frozenset(columns)))
    of_records = (_OF_RECORDS[need] for need in field.needs if need in _OF_RECORDS)
    found += (one for one in of_records if not (of_document and one.decider is INVOICE))
    return found


def _field(view: RuleView, name: str) -> tuple[Field, bool]:
    """Return a field, and whether it is the document's own."""
    if view is RuleView.INVOICE and name.startswith(ACCOUNT_PREFIX):
        return rule_fields(RuleView.ACCOUNT)[name.removeprefix(ACCOUNT_PREFIX)], False
    return rule_fields(view)[name], view is RuleView.INVOICE


def streams_of_records(
    tenant: int, source: Source, company_id: str, cust_id: str, tran_id: str
) -> Query[str]:
    """Return the question for the streams of the records that a figure is made of."""
    assert source.table is not None
    own = "x.tran_id = %(tran_id)s" if source.by_document else "x.cust_id = %(cust_id)s"
    statement = f"""SELECT x.{source.id_column} FROM {source.table.name} x
        WHERE x.tenant = %(tenant)s AND x.company_id = %(company_id)s AND {own}
        ORDER BY x.known_from DESC LIMIT {RECORDS_MAX:d}"""
    parameters = {
        "tenant": tenant,
        "company_id": company_id,
        "cust_id": cust_id,
        "tran_id": tran_id,
    }
    of_company = (company_id,) if source.decider is INVOICE else ()

    def stream(record_id: str) -> str:
        return stream_name(source.decider.category, *of_company, record_id)

    return Query(sql(statement), parameters, stream)


def last_event(tenant: int, streams: Sequence[str], until: int) -> Query[Evidence]:
    """Return the question for the last event of some streams, up to a position."""
    statement = """SELECT e.position, e.stream, e.type, e.effective_on, e.recorded_at
        FROM public.events e
        WHERE e.tenant = %(tenant)s AND e.stream = ANY(%(streams)s) AND e.position <= %(until)s
        ORDER BY e.position DESC LIMIT 1"""
    parameters = {"tenant": tenant, "streams": list(streams), "until": until}
    return Query(sql(statement), parameters, Evidence)


class Told(Struct, frozen=True):
    """An event of a stream, with where it stands in the log."""

    recorded: Recorded
    evidence: Evidence


def events_of(tenant: int, stream: str, until: int) -> Query[Told]:
    """Return the question for the events of a stream, up to a position."""
    statement = f"""SELECT e.tenant, e.position, e.stream, e.version, e.type, e.data,
            {KEY_COLUMNS}, e.effective_on, e.recorded_at
        FROM public.events e {KEY_JOIN}
        WHERE e.tenant = %(tenant)s AND e.stream = %(stream)s AND e.position <= %(until)s
        ORDER BY e.version"""
    parameters = {"tenant": tenant, "stream": stream, "until": until}
    return Query(sql(statement), parameters, _told)


def _told(
    tenant: int,
    position: int,
    stream: str,
    version: int,
    type_name: str,
    data: bytes,
    wrapped: bytes | None,
    master: bytes | None,
    effective_on: date,
    recorded_at: datetime,
) -> Told:
    told = open_with(tenant, stream, version, type_name, bytes(data), wrapped, master)
    event = decode(type_name, told)
    return Told(
        Recorded(position, stream, version, event, recorded_at),
        Evidence(position, stream, type_name, effective_on, recorded_at),
    )


def established_by(
    read_model: ReadModel[Any, Any], told: Iterable[Told], columns: frozenset[str]
) -> Evidence | None:
    """Return the event that last changed some columns of the row that a stream stands for."""
    state: Any = None
    before: Any = None
    found: Evidence | None = None
    handled = frozenset(read_model.handles)
    for one in told:
        if type(one.recorded.event) not in handled:
            continue
        state = read_model.evolve(state, one.recorded)
        row = next(iter(read_model.rows(state, 0, one.recorded.recorded_at)[0]), None)
        if row is None:
            continue
        if before is None or any(getattr(row, name) != getattr(before, name) for name in columns):
            found = one.evidence
        before = row
    return found


def moment_of(tenant: int, position: int) -> Query[datetime]:
    """Return the question when a position of the log was recorded."""
    statement = """SELECT e.recorded_at FROM public.events e
        WHERE e.tenant = %(tenant)s AND e.position = %(position)s"""
    return Query(sql(statement), {"tenant": tenant, "position": position}, _moment)


def _moment(recorded_at: datetime) -> datetime:
    return recorded_at
