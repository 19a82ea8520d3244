"""Runs of 20 rules over open documents, and one that creates 50,000 actions.

Limits: one scan by hand that counts the 20 conditions, and COPY of the events that a run makes,
three for each action. Beside the scan the same conditions are evaluated row by row in Python, of
some documents, as those do who load records to look at them.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from msgspec import Struct
from psycopg import Connection, sql

from application.consulting import class_asked
from application.handling import Request, handle
from application.strategies import asked_by_code, asked_by_rule
from benchmarks.loading import load
from benchmarks.measure import Bench, Result, best, timed
from domain.action_code import ACTION_CODE, ActionCodeDocument, DefineActionCode
from domain.conditions import holds
from domain.credit_class import CREDIT_CLASS, CreditClassDocument, DefineCreditClass
from domain.rule import RULE, DefineRule, RuleDocument
from domain.rule_view import RuleView
from domain.site_options import SITE, SITE_OPTIONS, ChangeSiteOptions
from eventstore.log import APPEND_EVENTS_MAX
from eventstore.postgres import PostgresLog
from projections.listing import Cut, Listing, page
from projections.query import fetch
from projections.rule_views import checked_filter, rule_view
from projections.view import Asked
from runtime.clock import business_date, now
from runtime.rule_runs import RuleRunner
from runtime.site import site_options
from runtime.tenants import Tenant

RULES = 20
ACTIONS = 50_000

DAYS = 400
"""Documents are due from 100 days ahead to so many days less back."""

ROW_BY_ROW = 20_000
ANY_NUMBER = 2**31
REPEATS = 5


class Shape(Struct, frozen=True):
    """A ledger of open documents, and on how many days past due each rule is about one."""

    name: str
    size: int
    documents_per_account: int
    days: int


def measure(bench: Bench, size: int) -> list[Result]:
    """Measure a run that finds nothing new: one before it dealt with what there was."""
    today = business_date(now(), "UTC")
    shape = Shape("rules", size, documents_per_account=20, days=3)
    tenant = _loaded(bench, shape, today)
    bench.log("the first run of 20 rules")
    with (
        bench.database.connect("worker") as connection,
        RuleRunner(bench.database, tenant, actor="bench") as runner,
    ):
        runner.run(today, actions_max=ANY_NUMBER)
        connection.execute("VACUUM ANALYZE")
        bench.log("a run that finds nothing new")
        connection.execute("SET search_path = read_models, public")
        assert runner.preview(today, actions_max=ANY_NUMBER).total("created") == 0
        seconds, scan = best(
            lambda: runner.preview(today, actions_max=ANY_NUMBER),
            lambda: _scan(connection, tenant, today, shape),
            REPEATS,
        )
        rows = _row_by_row(connection, tenant, today, shape) * size / ROW_BY_ROW
    return [
        Result(
            f"rule run, {RULES} rules, nothing new",
            size,
            f"{seconds * 1000:,.0f} ms",
            f"one scan counting the conditions: {scan * 1000:,.0f} ms",
            seconds / scan,
            2.0,
            1.3,
            times=True,
        ),
        Result(
            f"the same {RULES} conditions row by row",
            size,
            f"{rows:,.1f} s, of {ROW_BY_ROW:,} documents",
            f"one scan counting the conditions: {scan * 1000:,.0f} ms",
            rows / scan,
            times=True,
        ),
    ]


def measure_creating(bench: Bench, _size: int) -> list[Result]:
    """Measure a run that creates many actions, of accounts with two open documents each."""
    today = business_date(now(), "UTC")
    shape = Shape("actions", 2 * ACTIONS, documents_per_account=2, days=11)
    tenant = _loaded(bench, shape, today)
    bench.log("a run that creates actions")
    with (
        bench.database.connect("worker") as connection,
        RuleRunner(bench.database, tenant, actor="bench") as runner,
    ):
        before = _head(connection, tenant)
        (credit_class,) = runner.classes(today)
        with timed() as spent:
            run = runner.evaluated(credit_class, today, ANY_NUMBER)
            runner.carry_out(run)
        actions = len(run.evaluation.plan.actions)
        events = _head(connection, tenant) - before
    with bench.database.connect("owner") as owner:
        limit = _copied(owner, tenant, before)
    return [
        Result(
            f"rule run creating {actions:,} actions, {events:,} events",
            shape.size,
            f"{events / spent[0]:,.0f} events/s ({spent[0]:.1f} s)",
            f"COPY of the events: {events / limit:,.0f} events/s ({limit:.1f} s)",
            limit / spent[0],
            0.25,
            0.5,
        )
    ]


def _loaded(bench: Bench, shape: Shape, today: date) -> Tenant:
    """Return a tenant with the ledger, and the rules."""
    bench.log(f"a ledger of {shape.size:,} open invoices")
    folder = bench.folder / f"{shape.name}-{shape.size}"
    folder.mkdir()
    _write(folder, shape, today)
    tenant = bench.new_tenant(f"{shape.name}-{shape.size}")
    assert bench.database.server is not None
    load(bench.database.server.home, tenant.name, folder)
    with bench.database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)
        for decider, key, command, consults in _strategy(shape):
            handle(
                log,
                Request(decider, key, command, "bench", today, "b", "b", consults=consults),
            )
    return tenant


def _write(folder: Path, shape: Shape, today: date) -> None:
    rng = Random(1)
    header = [
        "company_id",
        "tran_id",
        "cust_id",
        "tran_date",
        "due_date",
        "amount",
        "balance",
        "cust_po_no",
    ]
    with (folder / "invoices.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(header)
        for number in range(shape.size):
            due = today + timedelta(100 - rng.randrange(DAYS))
            amount = f"{rng.randrange(1_000, 1_000_000) / 100:.2f}"
            account = f"C{rng.randrange(shape.size // shape.documents_per_account):06}"
            po = "" if rng.random() < 0.1 else f"PO{number}"
            out.writerow(
                ("1", f"I{number:07}", account, due - timedelta(30), due, amount, amount, po)
            )


def _strategy(shape: Shape) -> Iterator[tuple[Any, tuple[str, ...], Any, Any]]:
    yield CREDIT_CLASS, ("A",), DefineCreditClass(CreditClassDocument("A", "A")), ()
    code = ActionCodeDocument("CALL", 10, "Call", "Call them.", "Phone", cust_contact=True)
    yield ACTION_CODE, ("CALL",), DefineActionCode(code), asked_by_code(code)
    options = ChangeSiteOptions(default_credit_class_id="A")
    yield SITE_OPTIONS, (SITE,), options, class_asked("A")
    for number in range(RULES):
        rule = RuleDocument(
            "A",
            f"R{number:02}",
            number,
            f"Rule {number}",
            RuleView.INVOICE,
            _filter(number, shape),
            "CALL",
        )
        yield RULE, ("A", rule.rule_id), DefineRule(rule, confirmed=True), asked_by_rule(rule)


def _bounds(number: int, shape: Shape) -> tuple[int, int, int]:
    """Return from which to which day past due, and from which balance on, a rule looks."""
    return number * 14, number * 14 + shape.days - 1, 1_000


def _filter(number: int, shape: Shape) -> str:
    first, last, balance = _bounds(number, shape)
    return (
        f"balance >= {balance} and due_date_days >= {first} and due_date_days <= {last}"
        " and cust_po_no is known"
    )


def _scan(connection: Connection[Any], tenant: Tenant, today: date, shape: Shape) -> None:
    """Count by hand how many documents meet each condition, in one scan."""
    counts = ", ".join(
        f"count(*) FILTER (WHERE i.balance >= {balance} AND i.due_date <= %(on)s::date - {first}"
        f" AND i.due_date >= %(on)s::date - {last} AND i.cust_po_no IS NOT NULL)"
        for first, last, balance in (_bounds(number, shape) for number in range(RULES))
    )
    statement = f"""SELECT {counts} FROM invoices i
        LEFT JOIN account_care g ON g.tenant = i.tenant AND g.company_id = i.company_id
          AND g.cust_id = i.cust_id
        WHERE i.tenant = %(tenant)s AND i.balance <> 0
          AND coalesce(g.credit_class_id, 'A') = 'A'"""
    connection.execute(statement.encode(), {"on": today, "tenant": tenant.id}).fetchall()


def _row_by_row(connection: Connection[Any], tenant: Tenant, today: date, shape: Shape) -> float:
    """Return the seconds that loading documents and evaluating the conditions one by one takes."""
    conditions = [
        checked_filter(RuleView.INVOICE, _filter(number, shape)) for number in range(RULES)
    ]
    asked = Asked(tenant.id, site_options(connection, tenant.id), today, in_past=True)
    names = ("balance", "due_date_days", "cust_po_no")
    listing = Listing(rule_view(RuleView.INVOICE), asked, names)
    with timed() as spent:
        met = 0
        for record in fetch(connection, page(listing, Cut(ROW_BY_ROW))):
            values = dict(zip(listing.columns, record.values, strict=True))
            met += sum(holds(one, values) for one in conditions)
        assert met
    return spent[0]


def _head(connection: Connection[Any], tenant: Tenant) -> int:
    row = connection.execute(
        "SELECT position FROM public.heads WHERE tenant = %s", (tenant.id,)
    ).fetchone()
    assert row is not None
    return row[0]


def _copied(connection: Connection[Any], tenant: Tenant, after: int) -> float:
    """Return the seconds that COPY of the events into a table with the log's indexes takes.

    Each COPY has as many events as one append may have, so that people need not wait for it.
    """
    connection.execute(
        "CREATE TABLE public.limit_events (LIKE public.events INCLUDING DEFAULTS INCLUDING INDEXES)"
    )
    seconds = 0.0
    for start in range(after, _head(connection, tenant), APPEND_EVENTS_MAX):
        out = io.BytesIO()
        query = sql.SQL(
            "COPY (SELECT * FROM public.events WHERE tenant = {} AND position > {}"
            " AND position <= {}) TO STDOUT (FORMAT binary)"
        ).format(tenant.id, start, start + APPEND_EVENTS_MAX)
        with connection.cursor().copy(query) as copy:
            for block in copy:
                out.write(block)
        with (
            timed() as spent,
            connection.cursor().copy("COPY public.limit_events FROM STDIN (FORMAT binary)") as copy,
        ):
            copy.write(out.getvalue())
        seconds += spent[0]
    connection.execute("DROP TABLE public.limit_events")
    return seconds
