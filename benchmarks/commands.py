"""One durable command from 16 clients, and the lag until read models show it.

Limits: commits of a single-row insert by pgbench with 16 clients; the commit itself.
"""

import re
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from application.handling import CommandQueue, Request
from benchmarks.measure import Bench, Result, percentile
from domain.account import ACCOUNT, AccountDocument, AddAccountNote, ImportAccount
from eventstore.postgres import PostgresLog
from runtime.clock import business_date, now
from runtime.worker import ReadModelWorker

CLIENTS = 16
SECONDS = 5.0
LAG_RATE = 200
LAG_SECONDS = 10.0


def note_on(number: int, account: str) -> Request:
    """Return a command that adds a note."""
    today = business_date(now(), "UTC")
    command = AddAccountNote(f"n{number}", "Called, will pay on Friday.", today)
    key = f"k{account}{number}"
    return Request(ACCOUNT, ("1", account), command, "bench", today, "bench", "bench", key)


def opening(account: str) -> Request:
    """Return a command that opens an account."""
    today = business_date(now(), "UTC")
    command = ImportAccount(AccountDocument("1", account))
    return Request(ACCOUNT, ("1", account), command, "bench", today, "bench", "bench")


def measure(bench: Bench, size: int) -> list[Result]:
    """Measure commands and lag."""
    bench.log("one durable command from 16 clients")
    tenant = bench.new_tenant(f"commands-{size}")
    with bench.database.pool("app", size=2) as pool:
        queue = CommandQueue(PostgresLog(pool, tenant.id))
        counts = [0] * CLIENTS
        until = time.perf_counter() + SECONDS

        def client(number: int) -> None:
            done = 0
            account = f"A{number}-0"
            queue.submit(opening(account)).result()
            while time.perf_counter() < until:
                done += 1
                if done % 50 == 0:
                    account = f"A{number}-{done}"
                    queue.submit(opening(account)).result()
                queue.submit(note_on(done, account)).result()
            counts[number] = done

        threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        queue.close()
    commands = sum(counts) / SECONDS
    limit = _pgbench(bench)
    lag = _lag(bench, size)
    return [
        Result(
            "one command, durable, 16 clients on one tenant",
            size,
            f"{commands:,.0f} commands/s",
            f"pgbench single-row insert: {limit:,.0f} commits/s",
            commands / limit,
            0.25,
            0.5,
        ),
        lag,
    ]


def _pgbench(bench: Bench) -> float:
    """Return the commits a second of single-row inserts."""
    bench.log("limit: pgbench, 16 clients")
    server = bench.database.server
    assert server is not None
    with bench.database.connect("owner") as owner:
        owner.execute(
            "DROP TABLE IF EXISTS limit_insert; CREATE TABLE limit_insert"
            " (id bigserial PRIMARY KEY, data text)"
        )
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "insert.sql"
        script.write_text("INSERT INTO limit_insert (data) VALUES (repeat('x', 150));\n")
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
                server.url(),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    found = re.search(r"tps = ([\d.]+)", told)
    assert found is not None, told
    return float(found.group(1))


def _lag(bench: Bench, size: int) -> Result:
    """Measure from commit to visible under a steady rate of commands."""
    bench.log(f"lag under {LAG_RATE} commands a second")
    tenant = bench.new_tenant(f"lag-{size}")
    commits: list[float] = []
    committed: dict[int, float] = {}
    seen: list[tuple[float, int]] = []
    stop = threading.Event()

    def watch() -> None:
        with bench.database.connect("worker") as connection:
            while not stop.is_set():
                row = connection.execute(
                    "SELECT min(position) FROM read_models.cursors WHERE tenant = %s", (tenant.id,)
                ).fetchone()
                seen.append((time.perf_counter(), (row and row[0]) or 0))
                time.sleep(0.001)

    with (
        bench.database.pool("app", size=2) as pool,
        ReadModelWorker(bench.database.url("worker"), lambda _: [tenant.id]),
    ):
        queue = CommandQueue(PostgresLog(pool, tenant.id))
        queue.submit(opening("A")).result()
        watcher = threading.Thread(target=watch)
        watcher.start()

        def send(number: int, at: float) -> None:
            time.sleep(max(0.0, at - time.perf_counter()))
            started = time.perf_counter()
            handled = queue.submit(note_on(number, f"A{number % 40}")).result()
            ended = time.perf_counter()
            commits.append(ended - started)
            committed[handled.position] = ended

        for number in range(40):
            queue.submit(opening(f"A{number}")).result()
        began = time.perf_counter()

        def sender(first: int) -> None:
            for number in range(first, int(LAG_RATE * LAG_SECONDS), CLIENTS):
                send(number, began + number / LAG_RATE)

        senders = [threading.Thread(target=sender, args=(first,)) for first in range(CLIENTS)]
        for one in senders:
            one.start()
        for one in senders:
            one.join()
        last = max(committed)
        while seen[-1][1] < last:
            time.sleep(0.005)
        stop.set()
        watcher.join()
        queue.close()
    lags: list[float] = []
    looks = iter(seen)
    at, shown = next(looks)
    for position, ended in sorted(committed.items()):
        while shown < position:
            at, shown = next(looks)
        lags.append(max(0.0, at - ended))
    commit, lag = percentile(commits, 0.99), percentile(lags, 0.99)
    return Result(
        f"lag from commit to visible, p99 under {LAG_RATE} commands/s",
        size,
        f"{lag * 1000:.1f} ms (median {percentile(lags, 0.5) * 1000:.1f} ms)",
        f"p99 of the commit itself: {commit * 1000:.1f} ms",
        lag / commit,
        10.0,
        3.0,
        times=True,
    )
