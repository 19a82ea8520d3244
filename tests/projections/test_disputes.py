"""Disputes and reason codes as views tell them at any date on both axes, against plain replay."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from psycopg.sql import SQL

from application.handling import Consulted, Request
from domain import invoice, reason_code
from domain.account import ACCOUNT, AccountDocument, ImportAccount
from domain.aging import Basis
from domain.dispute import (
    DISPUTE,
    ChangeDispute,
    CloseDispute,
    DisputeClosed,
    DisputeOpened,
    DisputeReasonSet,
    DisputeReopened,
    OpenDispute,
    ReopenDispute,
)
from domain.invoice import INVOICE, ImportInvoice, InvoiceDocument
from domain.invoice_reason import (
    INVOICE_REASON,
    ClearInvoiceReason,
    InvoiceReasonCleared,
    InvoiceReasonSet,
    SetInvoiceReason,
)
from domain.reason_code import REASON_CODE, DefineReasonCode, RetireReasonCode
from domain.shared.event import Event
from domain.site_options import SiteOptions
from eventstore.log import Recorded
from eventstore.postgres import PostgresLog
from projections.aging import AgingBy, aging_cells
from projections.dispute_view import DISPUTE_VIEW
from projections.disputes import DISPUTES
from projections.invoice_reason_view import INVOICE_REASON_VIEW
from projections.invoice_reasons import INVOICE_REASONS
from projections.projection import ReadModel
from projections.reason_code_view import REASON_CODE_VIEW
from projections.reason_codes import REASON_CODES
from projections.view import Asked
from runtime.database import Database
from runtime.tenants import Tenant
from tests.histories import DAYS, day
from tests.projections.ledger import request, streams
from tests.projections.running import append, fold
from tests.projections.test_folds import Tables, recorded
from tests.projections.test_views import ask, moments

DISPUTED = ("d1", "d2", "d3")
CODES = ("PRICE", "PO")
COMMANDS = 40


def consulting(one: Request, key: tuple[str, ...], code: str | None) -> Request:
    """The request with what it consults: its document, and its reason code if it gives one."""
    consults = (Consulted(INVOICE, key, invoice.facts),)
    if code is not None:
        consults += (Consulted(REASON_CODE, (code,), reason_code.facts),)
    return replace(one, consults=consults)


def invoiced(database: Database, tenant: Tenant) -> None:
    """A document of 100 USD booked at 90 EUR, an account, and reason codes."""
    document = InvoiceDocument(
        "1", "I1", "A", day(0), Decimal(100), "USD", Decimal(90), "EUR", due_date=day(30)
    )
    account = ImportAccount(AccountDocument("1", "A", "Acme"))
    append(
        database,
        tenant,
        request(INVOICE, ("1", "I1"), ImportInvoice(document, day(0))),
        request(ACCOUNT, ("1", "A"), account),
        request(REASON_CODE, ("PRICE",), DefineReasonCode("PRICE", "Wrong price", 1)),
        request(REASON_CODE, ("PO",), DefineReasonCode("PO", "Missing PO")),
    )


def random_request(rng: random.Random) -> Request:
    """A command to one of a few disputes, or to the tag of their document."""
    key, today = ("1", "I1"), day(rng.randrange(DAYS))
    dispute_id, amount = rng.choice(DISPUTED), Decimal(rng.randrange(1, 10_000)) / 100
    code = rng.choice((None, *CODES))
    command: Any
    match rng.choice(("open", "open", "change", "close", "close", "reopen", "tag", "untag")):
        case "open":
            on = min(today, day(rng.randrange(DAYS)))
            command = OpenDispute(dispute_id, amount, on, "u", today, code)
        case "change":
            command = ChangeDispute(today, amount, code, rng.random() < 0.5)
        case "close":
            command = CloseDispute(today - timedelta(days=rng.randrange(9)), today, "upheld")
        case "reopen":
            command, code = ReopenDispute(), None
        case "tag":
            code = code or "PO"
            return consulting(
                request(INVOICE_REASON, key, SetInvoiceReason(code, today)), key, code
            )
        case _:
            return consulting(request(INVOICE_REASON, key, ClearInvoiceReason(today)), key, None)
    told = request(DISPUTE, (dispute_id,), command)
    return told if isinstance(command, CloseDispute) else consulting(told, key, code)


def dispute_plainly(events: list[Event], as_of: date) -> dict[str, Any] | None:
    """A dispute on a date, told by looking through its events."""
    first = events[0]
    assert isinstance(first, DisputeOpened)
    if first.dispute_date > as_of:
        return None
    changed = {
        name: value
        for event in (e for e in events if not isinstance(e, DisputeClosed))
        for name, value in zip(
            event.__struct_fields__,
            map(event.__getattribute__, event.__struct_fields__),
            strict=True,
        )
    }
    given, code = next(
        (event.code_date, event.reason_code)
        for event in reversed(events)
        if isinstance(event, DisputeOpened | DisputeReasonSet)
    )
    ended = next(
        (e for e in reversed(events) if isinstance(e, DisputeClosed | DisputeReopened)), None
    )
    closed_on = ended.closed_on if isinstance(ended, DisputeClosed) else None
    closed = closed_on is not None and closed_on <= as_of
    shown = given is not None and given <= as_of
    return {
        "dispute_id": first.dispute_id,
        "cust_id": "A",
        "cust_name": "Acme",
        "amount": changed["amount"],
        "amount_hc": changed["amount_hc"],
        "dispute_date": first.dispute_date,
        "dispute_date_days": (as_of - first.dispute_date).days,
        "opened_on": first.opened_on if first.opened_on <= as_of else None,
        "exclude_aging": changed["exclude_aging"],
        "open": not closed,
        "closed": closed,
        "closed_date": closed_on if closed else None,
        "outcome": "upheld" if closed else None,
        "reason_code": code if shown else None,
        "code_date": given if shown else None,
        "severity": 1 if shown and code == "PRICE" else None,
        "reason_description": {"PRICE": "Wrong price", "PO": "Missing PO"}[code]
        if shown and code
        else None,
    }


def tag_plainly(events: list[Event], as_of: date) -> dict[str, Any] | None:
    """A document's tag on a date."""
    *_, last = (event for event in events if isinstance(event, InvoiceReasonSet))
    ended = events[-1]
    if last.code_date > as_of:
        return None
    if isinstance(ended, InvoiceReasonCleared) and ended.cleared_on <= as_of:
        return None
    severity = 1 if last.reason_code == "PRICE" else None
    return {
        "reason_code": last.reason_code,
        "code_date": last.code_date,
        "severity": severity,
    }


def told(
    events: list[Recorded], category: str, known_at: datetime | None
) -> dict[tuple[str, ...], list[Event]]:
    """The events known of each stream of a category, by key."""
    return {
        tuple(stream.split("/")[1:]): found
        for stream, found in streams(events, known_at).items()
        if stream.startswith(f"{category}/")
    }


@pytest.mark.parametrize("seed", [5, 6])
def test_every_field_agrees_with_the_events_on_both_axes(
    database: Database, tenant: Tenant, seed: int
) -> None:
    rng = random.Random(seed)
    invoiced(database, tenant)
    for _ in range(COMMANDS):
        append(database, tenant, random_request(rng))
    fold(database, tenant)
    with database.pool("app", size=1) as pool:
        events = PostgresLog(pool, tenant.id).page(0, 100_000)
    compared = 0
    for known_at in [one for _ in range(3) for one in moments(rng, events)]:
        as_of = day(rng.randrange(50, DAYS + 20))
        asked = Asked(tenant.id, SiteOptions(), as_of, in_past=True, known_at=known_at)
        for view, category, plainly in (
            (DISPUTE_VIEW, "dispute", dispute_plainly),
            (INVOICE_REASON_VIEW, "invoice_reason", tag_plainly),
        ):
            expected = {
                key: one
                for key, found in told(events, category, known_at).items()
                if (one := plainly(found, as_of)) is not None
            }
            found = ask(database, view, asked)
            assert {
                key: {name: one[name] for name in expected.get(key, one)}
                for key, one in found.items()
            } == expected
            compared += len(found)
    assert compared > 10


def test_a_retired_code_is_told_as_such_and_as_it_was_before(
    database: Database, tenant: Tenant
) -> None:
    invoiced(database, tenant)
    fold(database, tenant)
    before = ask(database, REASON_CODE_VIEW, Asked(tenant.id, SiteOptions(), day(9)))
    known_at = max(one["known_from"] for one in before.values())
    append(database, tenant, request(REASON_CODE, ("PRICE",), RetireReasonCode()))
    fold(database, tenant)

    after = ask(database, REASON_CODE_VIEW, Asked(tenant.id, SiteOptions(), day(9)))
    then = Asked(tenant.id, SiteOptions(), day(9), known_at=known_at)

    assert [one["active"] for one in before.values()] == [True, True]
    assert {key: one["active"] for key, one in after.items()} == {("PRICE",): False, ("PO",): True}
    assert ask(database, REASON_CODE_VIEW, then) == before


def test_aging_can_find_excluded_disputes_without_reading_the_others(
    database: Database, tenant: Tenant
) -> None:
    query = aging_cells(
        tenant.id,
        SiteOptions(),
        as_of=day(1),
        basis=Basis.DUE,
        by=AgingBy.COMPANY,
        known_at=None,
    )
    with database.connect("worker") as connection, connection.transaction():
        connection.execute("SET LOCAL enable_seqscan = off")
        told = connection.execute(SQL("EXPLAIN ") + query.statement, query.parameters).fetchall()
    assert any("disputes_excluded" in line for (line,) in told)


@pytest.mark.parametrize(
    ("read_model", "stream", "event"),
    [
        (DISPUTES, "dispute/d1", DisputeReopened()),
        (INVOICE_REASONS, "invoice_reason/1/I1", InvoiceReasonCleared("1", "I1", day(0))),
        (REASON_CODES, "reason_code/X", reason_code.ReasonCodeRetired("X")),
    ],
)
def test_what_never_began_cannot_be_folded(
    read_model: ReadModel[Any, Any], stream: str, event: Event
) -> None:
    with pytest.raises(LookupError, match=f"{stream} was not"):
        Tables(read_model).take(recorded([[(stream, event)]]))
