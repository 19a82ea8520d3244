"""A run of 20 rules over open documents.

Limits: one scan by hand that counts the 20 conditions, and COPY of the events that a run makes.

Every document is open. The first run makes an action for each account and rule of which a document
meets the condition; the second finds nothing new. Beside it the same conditions are evaluated row
by row in Python, of some documents, as those do who load records to look at them.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

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
DOCUMENTS_PER_ACCOUNT = 20
DAYS = 400
"""Documents are due from 100 days ahead to so many days less back."""

ROW_BY_ROW = 20_000
ANY_NUMBER = 2**31
REPEATS = 3


def measure(bench: Bench, size: int) -> list[Result]:
    """Measure a run that makes actions, and one that finds nothing new."""
    today = business_date(now(), "UTC")
    tenant = _loaded(bench, size, today)
    bench.log("the first run of 20 rules")
    with bench.database.connect("worker") as connection:
        before = _head(connection, tenant)
        with RuleRunner(bench.database, tenant, actor="bench") as runner:
            (credit_class,) = runner.classes(today)
            with timed() as spent:
                run = runner.evaluated(credit_class, today, ANY_NUMBER)
                runner.carry_out(run)
            actions = len(run.evaluation.plan.actions)
            events = _head(connection, tenant) - before
            with bench.database.connect("owner") as owner:
                limit = _copied(owner, tenant, before)
            bench.log(f"{actions:,} actions, {events:,} events in {spent[0]:.1f} s")
            connection.execute("VACUUM ANALYZE")
            bench.log("a run that finds nothing new")
            seconds = best(lambda: runner.preview(today, actions_max=ANY_NUMBER), REPEATS)
            assert runner.preview(today, actions_max=ANY_NUMBER).total("created") == 0
        connection.execute("SET search_path = read_models, public")
        scan = best(lambda: _scan(connection, tenant, today), REPEATS)
        rows = _row_by_row(connection, tenant, today) * size / ROW_BY_ROW
    return [
        Result(
            f"rule run creating {actions:,} actions, {events:,} events",
            size,
            f"{events / spent[0]:,.0f} events/s ({spent[0]:.1f} s)",
            f"COPY of the events: {events / limit:,.0f} events/s ({limit:.1f} s)",
            limit / spent[0],
            0.25,
            0.5,
        ),
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


def _loaded(bench: Bench, size: int, today: date) -> Tenant:
    """Return a tenant with so many open documents, and the rules."""
    bench.log(f"a ledger of {size:,} open invoices")
    folder = bench.folder / f"open-{size}"
    folder.mkdir()
    _write(folder, size, today)
    tenant = bench.new_tenant(f"rules-{size}")
    assert bench.database.server is not None
    load(bench.database.server.home, tenant.name, folder)
    with bench.database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)
        for decider, key, command, consults in _strategy():
            handle(
                log,
                Request(decider, key, command, "bench", today, "b", "b", consults=consults),
            )
    return tenant


def _write(folder: Path, size: int, today: date) -> None:
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
        for number in range(size):
            due = today + timedelta(100 - rng.randrange(DAYS))
            amount = f"{rng.randrange(1_000, 1_000_000) / 100:.2f}"
            account = f"C{rng.randrange(max(1, size // DOCUMENTS_PER_ACCOUNT)):06}"
            po = "" if rng.random() < 0.1 else f"PO{number}"
            out.writerow(
                ("1", f"I{number:07}", account, due - timedelta(30), due, amount, amount, po)
            )


def _strategy() -> Iterator[tuple[Any, tuple[str, ...], Any, Any]]:
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
            _filter(number),
            "CALL",
        )
        yield RULE, ("A", rule.rule_id), DefineRule(rule, confirmed=True), asked_by_rule(rule)


def _bounds(number: int) -> tuple[int, int, int]:
    """Return from which to which day past due, and from which balance on, a rule looks."""
    return number * 14, number * 14 + 2, 5_000


def _filter(number: int) -> str:
    first, last, balance = _bounds(number)
    return (
        f"balance >= {balance} and due_date_days >= {first} and due_date_days <= {last}"
        " and cust_po_no is known"
    )


def _scan(connection: Connection[Any], tenant: Tenant, today: date) -> None:
    """Count by hand how many documents meet each condition, in one scan."""
    counts = ", ".join(
        f"count(*) FILTER (WHERE i.balance >= {balance} AND i.due_date <= %(on)s::date - {first}"
        f" AND i.due_date >= %(on)s::date - {last} AND i.cust_po_no IS NOT NULL)"
        for first, last, balance in map(_bounds, range(RULES))
    )
    statement = f"""SELECT {counts} FROM invoices i
        LEFT JOIN account_care g ON g.tenant = i.tenant AND g.company_id = i.company_id
          AND g.cust_id = i.cust_id
        WHERE i.tenant = %(tenant)s AND i.balance <> 0
          AND coalesce(g.credit_class_id, 'A') = 'A'"""
    connection.execute(statement.encode(), {"on": today, "tenant": tenant.id}).fetchall()


def _row_by_row(connection: Connection[Any], tenant: Tenant, today: date) -> float:
    """Return the seconds that loading documents and evaluating the conditions one by one takes."""
    conditions = [checked_filter(RuleView.INVOICE, _filter(number)) for number in range(RULES)]
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
    """Return the seconds that COPY of the events into a table with the log's indexes takes."""
    connection.execute(
        "CREATE TABLE public.limit_events (LIKE public.events INCLUDING DEFAULTS INCLUDING INDEXES)"
    )
    out = io.BytesIO()
    query = sql.SQL(
        "COPY (SELECT * FROM public.events WHERE tenant = {} AND position > {}) TO STDOUT"
        " (FORMAT binary)"
    ).format(tenant.id, after)
    with connection.cursor().copy(query) as copy:
        for block in copy:
            out.write(block)
    with (
        timed() as spent,
        connection.cursor().copy("COPY public.limit_events FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.write(out.getvalue())
    connection.execute("DROP TABLE public.limit_events")
    return spent[0]
