"""A GraphQL page of 50 invoices with 10 fields over HTTP. Limit: the same SQL by pgbench."""

import re
import subprocess
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

from psycopg import sql

from benchmarks.measure import Bench, Result
from benchmarks.serving import served
from domain.site_options import SiteOptions
from projections.invoice_view import INVOICE_VIEW
from projections.listing import Cut, Listing, page
from projections.view import Asked
from runtime.clock import business_date, now
from runtime.tenants import Tenant

CLIENTS = 16
SECONDS = 6.0
NODES = 50
FIELDS = (
    "company_id",
    "tran_id",
    "cust_id",
    "tran_date",
    "due_date",
    "type",
    "status",
    "amount",
    "balance",
    "due_date_days",
)
QUERY = """{invoices(first: 50) {nodes {companyId tranId custId tranDate dueDate type status
    amount {amount currency} balance {amount currency} dueDateDays}}}"""


def measure(bench: Bench, size: int) -> list[Result]:
    """Measure pages a second."""
    tenant = bench.tenants[size]
    bench.log("GraphQL pages from 16 clients")
    pages = _served(bench, tenant)
    bench.log("limit: the same SQL by pgbench")
    limit = _pgbench(bench, tenant)
    return [
        Result(
            "GraphQL page of 50 invoices with 10 fields over HTTP, 16 clients",
            size,
            f"{pages:,.0f} pages/s",
            f"the same SQL by pgbench: {limit:,.0f} pages/s",
            pages / limit,
            0.02,
            0.5,
        )
    ]


def _served(bench: Bench, tenant: Tenant) -> float:
    counts = [0] * CLIENTS
    with served(bench.database, tenant) as api:
        until = time.perf_counter() + SECONDS

        def ask(number: int) -> None:
            with api.client(QUERY) as client:
                while time.perf_counter() < until:
                    content = client.ask()
                    counts[number] += 1
                    assert content.count(b'"tranId"') == NODES, content[:500]

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return sum(counts) / SECONDS


def _pgbench(bench: Bench, tenant: Tenant) -> float:
    server = bench.database.server
    assert server is not None
    on: date = business_date(now(), "UTC")
    listing = Listing(INVOICE_VIEW, Asked(tenant.id, SiteOptions(), on), FIELDS)
    query = page(listing, Cut(51))
    statement = query.statement.as_string()
    for name in sorted(query.parameters, key=len, reverse=True):
        literal = sql.Literal(query.parameters[name]).as_string()
        statement = statement.replace(f"%({name})s", literal)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "page.sql"
        script.write_text(" ".join(statement.split()) + ";\n")
        told = subprocess.run(
            [
                server.bin / "pgbench",
                "--no-vacuum",
                "-c",
                str(CLIENTS),
                "-j",
                "2",
                "-M",
                "prepared",
                "-T",
                str(int(SECONDS)),
                "-f",
                script,
                bench.database.url("app", tenant.id),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    found = re.search(r"tps = ([\d.]+)", told)
    assert found is not None, told
    return float(found.group(1))
