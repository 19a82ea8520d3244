"""Many writers at once, killed in the middle: no gap, no overtaking, no lost event."""

import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from application.handling import Request, handle
from domain.account import ACCOUNT, AccountDocument, AddAccountNote, ImportAccount
from eventstore.log import StreamMoved
from eventstore.postgres import PostgresLog, read_page
from runtime.database import Database
from runtime.tenants import Tenant, create_tenant

ROOT = Path(__file__).parents[2]
WRITERS = 16
KILLS = 24
TODAY = date(2026, 3, 2)

WRITER = """
import sys
from datetime import date
from psycopg import OperationalError
from psycopg_pool import ConnectionPool
from domain.account import AccountDocument, AccountOpened
from eventstore.log import LogUnavailable, NewEvent
from eventstore.postgres import PostgresLog, copy_events

url, kind, name, count = *sys.argv[1:4], int(sys.argv[4])
tenants = [int(one) for one in sys.argv[5].split(",")]
event = AccountOpened(AccountDocument("1", "ACME"))

def append(pool, tenant, batch):
    if kind == "function":
        return PostgresLog(pool, tenant).append(batch)
    with pool.connection() as connection, connection.transaction():
        return copy_events(connection, tenant, batch)

with ConnectionPool(url, min_size=1, max_size=1, kwargs={"autocommit": True}, open=True) as pool:
    for number in range(count):
        tenant = tenants[number % len(tenants)]
        size = number % 3 + 1 if kind == "function" else 100
        batch = [
            NewEvent(f"account/{name}/{number}-{part}", 1, event, date(2026, 1, 1), "w", "w", "w")
            for part in range(size)
        ]
        try:
            appended = append(pool, tenant, batch)
        except (LogUnavailable, OperationalError):
            continue  # cut off: it may have been appended or not, and nobody was told that it was
        told = [f"{tenant} {appended.first_position + part} {new.stream}\\n" for part, new in
                enumerate(batch)]
        sys.stdout.write("".join(told))
        sys.stdout.flush()
"""


class Writers:
    """Writers in processes of their own, and what they were told had been appended.

    If `copying`, every fourth appends by COPY, as imports do.
    """

    def __init__(
        self, database: Database, tenants: list[int], count: int, *, copying: bool = False
    ) -> None:
        self.name = f"writers-of-{tenants[0]}"
        self._urls = {
            "function": f"{database.url('app')}&application_name={self.name}",
            "copy": f"{database.url('worker')}&application_name={self.name}",
        }
        self._tenants = ",".join(str(tenant) for tenant in tenants)
        self._count = count
        self._copying = copying
        self._started = 0
        self._news = threading.Condition()
        self.acknowledged: set[tuple[int, int, str]] = set()
        self.heard: Counter[str] = Counter()
        """How many events each writer, by its name, was told had been appended."""
        self.running: dict[str, tuple[subprocess.Popen[str], threading.Thread]] = {}

    def start(self) -> None:
        self._started += 1
        kind = "copy" if self._copying and self._started % 4 == 0 else "function"
        name = f"{kind}-{self._started}"
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                WRITER,
                self._urls[kind],
                kind,
                name,
                str(self._count),
                self._tenants,
            ],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        reader = threading.Thread(target=self._listen, args=(name, process))
        reader.start()
        self.running[name] = process, reader

    def _listen(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.endswith("\n"):
                tenant, position, stream = line.split()
                with self._news:
                    self.acknowledged.add((int(tenant), int(position), stream))
                    self.heard[name] += 1
                    self._news.notify_all()

    def wait_until(self, heard: Callable[[], bool]) -> None:
        """Wait until enough has been heard of the writers."""
        with self._news:
            assert self._news.wait_for(heard, timeout=60)

    def kill_one(self) -> None:
        """Kill a writer that is at work."""
        name = random.choice([name for name in self.running if self.heard[name]])
        process, reader = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        assert self._end(process, reader) == -signal.SIGKILL

    def kill_all(self) -> None:
        for process, _ in self.running.values():
            process.send_signal(signal.SIGKILL)
        for process, reader in self.running.values():
            self._end(process, reader)

    def wait(self) -> None:
        for process, reader in self.running.values():
            assert self._end(process, reader) == 0

    def _end(self, process: subprocess.Popen[str], reader: threading.Thread) -> int:
        process.wait()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()
        return process.returncode


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

    def look_again(self, connection: psycopg.Connection[Any]) -> None:
        """Read on from where it stopped: what was cut off may be committed after that."""
        while self._look(connection):
            pass

    def _look(self, connection: psycopg.Connection[Any]) -> int:
        after = self.seen[-1][0] if self.seen else 0
        page = read_page(connection, self._tenant, after, 500)
        self.seen += [(one.position, one.stream) for one in page]
        return len(page)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def check(database: Database, tenant: int, writers: Writers, watcher: Watcher) -> None:
    with database.connect("worker") as connection:
        with connection.transaction():  # what was cut off may be committed between statements
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            stored = connection.execute(
                "SELECT position, stream FROM events WHERE tenant = %s ORDER BY position", (tenant,)
            ).fetchall()
            head = connection.execute(
                "SELECT position FROM heads WHERE tenant = %s", (tenant,)
            ).fetchone()
            moments = connection.execute(
                "SELECT recorded_at, min(position), max(position) FROM events WHERE tenant = %s"
                " GROUP BY recorded_at ORDER BY recorded_at",
                (tenant,),
            ).fetchall()
        watcher.look_again(connection)
    assert [position for position, _ in stored] == list(range(1, len(stored) + 1))
    assert head == (len(stored),)
    assert watcher.seen[: len(stored)] == stored, "a reader was overtaken"
    lost = {
        (position, stream) for of, position, stream in writers.acknowledged if of == tenant
    } - set(stored)
    assert lost == set()
    starts, ends = [low for _, low, _ in moments], [high for _, _, high in moments]
    assert starts == [1, *(end + 1 for end in ends[:-1])], "time does not rise with position"
    appends = {
        low: {stream.rpartition("-")[0] for _, stream in stored[low - 1 : high]}
        for _, low, high in moments
    }
    assert all(len(one) == 1 for one in appends.values()), "two appends at one moment"


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
    assert len(watcher.seen) == len(writers.acknowledged) == WRITERS * 60 * 2


def test_writers_of_many_tenants_killed_and_cut_off_in_the_middle_lose_nothing(
    database: Database, tenant: Tenant
) -> None:
    tenants = [tenant.id, *(create_tenant(database, f"{tenant.name}-{n}"[-60:]).id for n in "ab")]
    watchers = [Watcher(database, one) for one in tenants]
    writers = Writers(database, tenants, count=1_000_000, copying=True)
    for _ in range(WRITERS):
        writers.start()
    writers.wait_until(lambda: len(writers.heard) == WRITERS)
    cut_off = 0
    with database.connect("owner") as owner:
        for number in range(KILLS):
            writers.kill_one()
            writers.start()
            if number % 4 == 0:  # the server's side of those that are at work goes, too
                cut_off += owner.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE application_name = %s AND state = 'active'",
                    (writers.name,),
                ).fetchall()[0][0]
            heard = writers.heard.total()
            writers.wait_until(lambda heard=heard: writers.heard.total() > heard)
    writers.kill_all()
    for one, watcher in zip(tenants, watchers, strict=True):
        watcher.stop()
        check(database, one, writers, watcher)
    assert cut_off > 0
    assert {of for of, _, _ in writers.acknowledged} == set(tenants)
    assert {name.partition("-")[0] for name in writers.heard} == {"function", "copy"}


def test_writers_of_one_stream_decide_anew_and_lose_no_command(
    database: Database, tenant: Tenant
) -> None:
    def request(command: Any, key: str | None = None) -> Request:
        return Request(ACCOUNT, ("1", "ACME"), command, "dana", TODAY, "test", "c", key)

    positions: list[int] = []

    def write(number: int) -> None:
        with database.pool("app", size=1) as pool:
            log = PostgresLog(pool, tenant.id)
            for part in range(12):
                note_id = f"{number // 2}-{part}"  # each is sent by two, with the same key
                noting = request(AddAccountNote(note_id, "Called.", TODAY), key=note_id)
                while True:
                    try:
                        positions.append(handle(log, noting).position)
                    except StreamMoved:
                        continue
                    break

    with database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)
        handle(log, request(ImportAccount(AccountDocument("1", "ACME"))))
        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        page = log.page(1, 1_000)
        moved = log.load(["account/1/ACME"])["account/1/ACME"].version

    assert {one.event.note_id for one in page} == {  # type: ignore[attr-defined]
        f"{number}-{part}" for number in range(4) for part in range(12)
    }
    assert [one.version for one in page] == list(range(2, 50))
    assert moved == 49
    assert Counter(positions) == dict.fromkeys(range(2, 50), 2), "a result was not the first's"
