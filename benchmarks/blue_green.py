"""All read models rebuilt beside themselves and swapped, while clients ask and commands come in.

Every command opens one document of 1.00 in a company of its own, so that the log implies each
answer: how many documents there are, and what they are together. An answer is wrong if it tells
fewer than were acknowledged when it was asked for, at the position of the last one, or more than
were begun when it came; whatever is no answer is missing. Limit: the same without a rebuild.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from msgspec import Struct

from application.handling import Request, handle, handle_all
from benchmarks.measure import Bench, Result, percentile, timed
from benchmarks.serving import Client, Served, served
from domain.account import ACCOUNT, ImplyAccount
from domain.company import COMPANY, CompanyDocument, ImportCompany
from domain.invoice import INVOICE, ImportInvoice, InvoiceDocument
from domain.shared.decider import Decider
from eventstore.postgres import PostgresLog
from runtime.clock import business_date, now

CLIENTS = 4
COMMANDS_A_SECOND = 20
SECONDS = 20.0
"""How long it is asked without a rebuild."""

COMPANY_ID = "BLUEGREEN"
CUST_ID = "A"

QUERY = """query($at: Int!) {
    invoices(filter: {companyId: {eq: "BLUEGREEN"}}, atLeast: $at) { totalCount }
    aging(companyId: "BLUEGREEN", atLeast: $at) {
        groups { total { amount { amount } count } } } }"""


class _Truth:
    """What the log implies: how many commands were begun, and acknowledged at which position."""

    def __init__(self, log: PostgresLog) -> None:
        self._log = log
        self.begun = 0
        self.acknowledged = 0, 0
        """How many, and the position of the last one."""

    def tell(self, decider: Decider[Any, Any, Any], key: tuple[str, ...], command: Any) -> None:
        """Carry a command out that opens no document."""
        handled = handle_all(self._log, [_request(decider, key, command)])[0]
        assert not isinstance(handled, Exception), handled
        self.acknowledged = 0, handled.position

    def open_one(self) -> None:
        """Open one document more."""
        self.begun += 1
        today, tran_id = business_date(now(), "UTC"), f"I{self.begun:07}"
        one = Decimal(1)
        document = InvoiceDocument(
            COMPANY_ID, tran_id, CUST_ID, today, one, "EUR", one, "EUR", due_date=today
        )
        request = _request(INVOICE, (COMPANY_ID, tran_id), ImportInvoice(document, today))
        self.acknowledged = self.begun, handle(self._log, request).position


def _request(decider: Decider[Any, Any, Any], key: tuple[str, ...], command: Any) -> Request:
    today = business_date(now(), "UTC")
    return Request(decider, key, command, "bench", today, "bench", "bench")


class _Asked(Struct):
    """What the clients saw: how long each answer took, and what was wrong with some."""

    seconds: list[float] = []
    wrong: list[str] = []


def measure(bench: Bench, size: int) -> list[Result]:
    """Measure answers with and without a rebuild, on the ledger of the first sync."""
    tenant = bench.tenants[size]
    with (
        bench.database.pool("app", size=1) as pool,
        served(bench.database, tenant, "api,worker") as api,
    ):
        truth = _Truth(PostgresLog(pool, tenant.id))
        truth.tell(COMPANY, (COMPANY_ID,), ImportCompany(CompanyDocument(COMPANY_ID, "EUR")))
        truth.tell(ACCOUNT, (COMPANY_ID, CUST_ID), ImplyAccount(COMPANY_ID, CUST_ID))
        truth.open_one()
        bench.log(f"{CLIENTS} clients and {COMMANDS_A_SECOND} commands a second")
        with _under_load(api, truth) as calm:
            time.sleep(SECONDS)
        bench.log("the same while all read models are rebuilt")
        with _under_load(api, truth) as busy, timed() as rebuilt:
            _rebuild(bench)
    for one in busy.wrong[:3]:
        bench.log(one)
    return [
        Result(
            f"wrong or missing answers while all read models are rebuilt ({rebuilt[0]:.0f} s)",
            size,
            f"{len(busy.wrong)} of {len(busy.seconds):,}",
            f"without a rebuild: {len(calm.wrong)} of {len(calm.seconds):,}",
            len(busy.wrong),
            0,
            times=True,
        ),
        Result(
            f"answers during the rebuild, {CLIENTS} clients, {COMMANDS_A_SECOND} commands/s, p99",
            size,
            _told(busy),
            f"without a rebuild: {_told(calm)}",
            percentile(busy.seconds, 0.99) / percentile(calm.seconds, 0.99),
            times=True,
        ),
    ]


def _told(asked: _Asked) -> str:
    half, most = (percentile(asked.seconds, share) * 1000 for share in (0.5, 0.99))
    return f"p50 {half:,.0f} ms, p99 {most:,.0f} ms"


def _rebuild(bench: Bench) -> None:
    """Rebuild in a process of its own, as somebody at the command line does."""
    assert bench.database.server is not None
    subprocess.run(
        [sys.executable, "-m", "cli", "projections", "rebuild"],
        env=os.environ | {"TALLYSTICK_HOME": str(bench.database.server.home)},
        check=True,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def _under_load(api: Served, truth: _Truth) -> Generator[_Asked]:
    """Let clients ask and commands come in until the block is left."""
    asked, stop = _Asked([], []), threading.Event()
    ends: list[BaseException] = []

    def carried_on(work: Any) -> None:
        try:
            work()
        except BaseException as failure:  # noqa: BLE001  (told where the block is left)
            ends.append(failure)
            stop.set()

    def tell() -> None:
        due = time.perf_counter()
        while not stop.is_set():
            truth.open_one()
            due += 1 / COMMANDS_A_SECOND
            stop.wait(max(0.0, due - time.perf_counter()))

    def ask() -> None:
        with api.client(QUERY) as client:
            while not stop.is_set():
                _ask(client, truth, asked)

    threads = [
        threading.Thread(target=carried_on, args=(work,)) for work in (tell, *[ask] * CLIENTS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield asked
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if ends:
        raise ends[0]


def _ask(client: Client, truth: _Truth, asked: _Asked) -> None:
    """Ask once, and hold the answer to what the log implies."""
    least, position = truth.acknowledged
    with timed() as spent:
        body = client.ask({"at": position})
    most = truth.begun
    asked.seconds.append(spent[0])
    told = json.loads(body)
    if told.get("errors") or not told.get("data"):
        asked.wrong.append(f"missing: {body[:300]!r}")
        return
    count = told["data"]["invoices"]["totalCount"]
    aged, amount = 0, Decimal(0)
    for group in told["data"]["aging"]["groups"]:
        aged, amount = group["total"]["count"], Decimal(group["total"]["amount"]["amount"])
    if not (least <= count <= most and least <= aged <= most and amount == aged):
        asked.wrong.append(f"wrong: {count}, {aged} and {amount}, from {least} to {most}")
