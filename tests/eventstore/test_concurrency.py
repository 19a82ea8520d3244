"""Many writers at once, killed in the middle: no gap, no overtaking, no lost event."""

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg

from runtime.database import Database
from runtime.tenants import Tenant, create_tenant

ROOT = Path(__file__).parents[2]
WRITERS = 16
KILLS = 24

WRITER = """
import sys
from datetime import date
from psycopg_pool import ConnectionPool
from domain.account import AccountDocument, AccountOpened
from eventstore.log import NewEvent
from eventstore.postgres import PostgresLog

url, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
tenants = [int(one) for one in sys.argv[4].split(",")]
event = AccountOpened(AccountDocument("1", "ACME"))
with ConnectionPool(url, min_size=1, max_size=1, kwargs={"autocommit": True}, open=True) as pool:
    logs = [PostgresLog(pool, tenant) for tenant in tenants]
    for number in range(count):
        log = logs[number % len(logs)]
        batch = [
            NewEvent(f"account/{name}/{number}-{part}", 1, event, date(2026, 1, 1), "w", "w", "w")
            for part in range(number % 3 + 1)
        ]
        appended = log.append(batch)
        for new, position in zip(batch, range(appended.first_position, 10**9)):
            print(log.tenant, position, new.stream, flush=True)
"""


class Writers:
    """Writers in processes of their own, and what they were told had been appended."""

    def __init__(self, database: Database, tenants: list[int], count: int) -> None:
        self._arguments = [database.url("app")]
        self._tenants = ",".join(str(tenant) for tenant in tenants)
        self._count = count
        self._started = 0
        self.acknowledged: set[tuple[int, int, str]] = set()
        self.running: list[tuple[subprocess.Popen[str], threading.Thread]] = []

    def start(self) -> None:
        self._started += 1
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                WRITER,
                *self._arguments,
                f"w{self._started}",
                str(self._count),
                self._tenants,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        reader = threading.Thread(target=self._listen, args=(process,))
        reader.start()
        self.running.append((process, reader))

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.endswith("\n"):
                tenant, position, stream = line.split()
                self.acknowledged.add((int(tenant), int(position), stream))

    def kill_one(self) -> None:
        process, reader = self.running.pop(random.randrange(len(self.running)))
        process.send_signal(signal.SIGKILL)
        self._end(process, reader)

    def wait(self) -> None:
        for process, reader in self.running:
            self._end(process, reader)

    def _end(self, process: subprocess.Popen[str], reader: threading.Thread) -> None:
        process.wait()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()


class Watcher:
    """Reads the new events of a log over and over, as read models do."""

    def __init__(self, database: Database, tenant: int) -> None:
        self.seen: list[tuple[int, str]] = []
        self._database = database
        self._tenant = tenant
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        with self._database.connect("worker") as connection:
            while not self._stop.is_set():
                self._look(connection)
            self._look(connection)

    def _look(self, connection: psycopg.Connection[tuple[int, str]]) -> None:
        after = self.seen[-1][0] if self.seen else 0
        self.seen += connection.execute(
            "SELECT position, stream FROM events WHERE tenant = %s AND position > %s"
            " ORDER BY position",
            (self._tenant, after),
        ).fetchall()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def check(database: Database, tenant: int, writers: Writers, watcher: Watcher) -> None:
    with database.connect("worker") as connection:
        stored = connection.execute(
            "SELECT position, stream FROM events WHERE tenant = %s ORDER BY position", (tenant,)
        ).fetchall()
        head = connection.execute(
            "SELECT position FROM heads WHERE tenant = %s", (tenant,)
        ).fetchone()
        falling = connection.execute(
            "SELECT count(*) FROM (SELECT recorded_at < lag(recorded_at) OVER (ORDER BY position)"
            " AS falls FROM events WHERE tenant = %s) e WHERE falls",
            (tenant,),
        ).fetchone()
    assert [position for position, _ in stored] == list(range(1, len(stored) + 1))
    assert head == (len(stored),)
    assert watcher.seen == stored, "a reader was overtaken"
    lost = {
        (position, stream) for of, position, stream in writers.acknowledged if of == tenant
    } - set(stored)
    assert lost == set()
    assert falling == (0,)


def test_sixteen_writers_of_one_tenant_leave_no_gap_and_no_overtaking(
    database: Database, tenant: Tenant
) -> None:
    watcher = Watcher(database, tenant.id)
    writers = Writers(database, [tenant.id], count=60)
    for _ in range(WRITERS):
        writers.start()
    writers.wait()
    watcher.stop()

    check(database, tenant.id, writers, watcher)
    assert len(watcher.seen) == WRITERS * 60 * 2


def test_sixteen_writers_of_many_tenants_killed_in_the_middle_lose_nothing(
    database: Database, tenant: Tenant
) -> None:
    tenants = [tenant.id, *(create_tenant(database, f"{tenant.name}-{n}"[-60:]).id for n in "ab")]
    watchers = [Watcher(database, one) for one in tenants]
    writers = Writers(database, tenants, count=100_000)
    for _ in range(WRITERS):
        writers.start()
    while not writers.acknowledged:
        time.sleep(0.01)
    with database.connect("owner") as owner:
        for number in range(KILLS):
            writers.kill_one()
            writers.start()
            if number % 4 == 0:  # the server's side of a writer goes, too
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE usename = 'tallystick_app' LIMIT 1"
                )
    while writers.running:
        writers.kill_one()
    for one, watcher in zip(tenants, watchers, strict=True):
        watcher.stop()
        check(database, one, writers, watcher)
    assert {of for of, _, _ in writers.acknowledged} == set(tenants)
