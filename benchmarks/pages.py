"""A GraphQL page of 50 invoices with 10 fields over HTTP. Limit: the same SQL by pgbench."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

from psycopg import sql

from benchmarks.measure import Bench, Result
from domain.api_key import Role
from domain.site_options import SiteOptions
from projections.invoice_view import INVOICE_VIEW
from projections.listing import Cut, Listing, page
from projections.view import Asked
from runtime.clock import business_date, now
from runtime.keys import create_key
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
    key = create_key(bench.database, tenant, Role.ADMIN, "benchmark")
    server = bench.database.server
    assert server is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve", "--only", "api", "--port", str(port)],
        env=os.environ | {"TALLYSTICK_HOME": str(server.home)},
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        counts = [0] * CLIENTS
        until = time.perf_counter() + SECONDS
        body = json.dumps({"query": QUERY})

        request = (
            f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

        def client(number: int) -> None:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                while time.perf_counter() < until:
                    connection.sendall(request)
                    content = _answer(connection)
                    counts[number] += 1
                    assert content.count(b'"tranId"') == NODES, content[:500]

        threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts) / SECONDS
    finally:
        process.terminate()
        process.wait()


def _answer(connection: socket.socket) -> bytes:
    """Return the body of the next answer."""
    received = connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), received
    found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    assert found is not None, head
    while len(body) < int(found.group(1)):
        body += connection.recv(65_536)
    return body


def _wait(port: int) -> None:
    deadline = time.perf_counter() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.perf_counter() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


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
