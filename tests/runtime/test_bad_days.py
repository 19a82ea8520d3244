"""Bad days of a sync: killed, raced, cut off from its database. The next run completes the work."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from examples.sample_ledger import write_sample_ledger
from runtime.database import Database
from runtime.settings import Settings
from runtime.tenants import Tenant, create_tenant
from tests.loading import aging, load

ROOT = Path(__file__).parents[2]
ON = date(2026, 3, 2)
SIZE = 6_000
PATIENCE_SECONDS = 300
"""So much longer than a sync takes that only one that hangs is given up."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample_ledger(folder, invoices=SIZE, last_date=ON)
    return folder


def syncing(home: str, folder: Path, tenant: str) -> subprocess.Popen[str]:
    """A sync by the command line, in a process group of its own."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "cli",
            "sync",
            str(folder),
            "--tenant",
            tenant,
            "--format",
            "json",
            "--business-date",
            ON.isoformat(),
        ],
        env=os.environ | {"TALLYSTICK_HOME": home},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )


TABLES = ("accounts", "companies", "contacts", "invoices", "payments", "balances")


def figures(database: Database, tenant: Tenant) -> dict[str, Any]:
    """What the read models show, without since when they know it."""
    with database.connect("worker") as connection:
        found: dict[str, Any] = {}
        for table in (*TABLES, "payment_applications"):
            found[table] = connection.execute(
                "SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (SELECT (to_jsonb(t)"
                f" - 'tenant' - 'known_from')::text AS line FROM read_models.{table} t"
                " WHERE tenant = %s) lines".encode(),
                (tenant.id,),
            ).fetchone()
    found["aging"] = aging(database, tenant, ON)
    return found


def head(connection: Connection[Any], tenant: Tenant) -> int:
    """The last position of the tenant's log."""
    row = connection.execute(
        "SELECT position FROM heads WHERE tenant = %s", (tenant.id,)
    ).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture(scope="module")
def clean(database: Database, folder: Path) -> dict[str, Any]:
    """What a sync that nothing befell gives."""
    tenant = create_tenant(database, f"clean-{os.getpid()}")
    assert load(database, tenant, folder, business_date=ON).outcome.rejected == []
    return figures(database, tenant)


def test_a_sync_killed_again_and_again_is_completed_by_the_next(
    database: Database, tenant: Tenant, folder: Path, clean: dict[str, Any]
) -> None:
    rng = random.Random(11)
    assert database.server is not None
    with database.connect("worker") as connection:
        for _ in range(4):
            before = head(connection, tenant)
            process = syncing(str(database.server.home), folder, tenant.name)
            while head(connection, tenant) == before and process.poll() is None:
                time.sleep(0.002)
            time.sleep(rng.random() * 0.05)
            with contextlib.suppress(ProcessLookupError):  # it may have been faster
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    final = load(database, tenant, folder, business_date=ON)

    assert final.outcome.rejected == []
    assert figures(database, tenant) == clean
    assert load(database, tenant, folder, business_date=ON).outcome.events == 0


def test_two_syncs_at_once_take_turns(
    database: Database, tenant: Tenant, folder: Path, clean: dict[str, Any]
) -> None:
    assert database.server is not None
    home = str(database.server.home)
    both = [syncing(home, folder, tenant.name) for _ in range(2)]
    told = []
    for process in both:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, err
        told.append(json.loads(out))

    assert sorted(one["events"] > 0 for one in told) == [False, True]
    assert figures(database, tenant) == clean


def test_a_worker_killed_during_a_sync_is_started_anew(
    database: Database,
    tenant: Tenant,
    folder: Path,
    clean: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from runtime import syncing as module  # noqa: PLC0415
    from runtime.worker import ReadModelProcess  # noqa: PLC0415

    killed: list[int] = []

    class Doomed(ReadModelProcess):
        def _start(self) -> None:
            super()._start()
            if not killed:
                assert self._process is not None
                killed.append(self._process.pid)
                self._process.kill()

    monkeypatch.setattr(module, "ReadModelProcess", Doomed)
    monkeypatch.setattr(module, "LARGE_BYTES", 0)
    load(database, tenant, folder, business_date=ON)

    assert len(killed) == 1
    assert figures(database, tenant) == clean


def test_a_database_that_vanishes_is_told_and_the_next_sync_completes(
    database: Database, tenant: Tenant, folder: Path, clean: dict[str, Any]
) -> None:
    assert database.server is not None
    process = syncing(str(database.server.home), folder, tenant.name)
    with database.connect("owner") as owner:
        while True:
            ended = owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity a"
                " WHERE usename = 'tallystick_worker' AND query LIKE 'COPY events%%'"
                " AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.classid = 7411"
                " AND l.locktype = 'advisory' AND l.objid = %s)",
                (tenant.id,),
            ).fetchall()
            if ended or process.poll() is not None:
                break
    out, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert out == ""
    assert "The database was lost" in err
    assert "Traceback" not in err
    load(database, tenant, folder, business_date=ON)
    assert figures(database, tenant) == clean


def test_a_server_that_dies_is_told_and_the_next_sync_completes(
    tmp_path: Path, folder: Path, clean: dict[str, Any]
) -> None:
    home = tmp_path / "home"
    with contextlib.closing(Database.open(Settings(home=home))) as database:
        tenant = create_tenant(database, "demo")
        process = syncing(str(home), folder, tenant.name)
        with database.connect("worker") as connection:
            while not head(connection, tenant) and process.poll() is None:
                time.sleep(0.002)
        os.kill(int((home / "pgdata" / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)

        assert (process.returncode, out) == (1, ""), err
        assert "The database was lost" in err
        assert "Traceback" not in err
        again = syncing(str(home), folder, tenant.name)
        _, err = again.communicate(timeout=PATIENCE_SECONDS)
        assert again.returncode == 0, err
        assert figures(database, tenant) == clean


def test_a_full_disk_is_told_and_the_next_sync_completes(tmp_path: Path, folder: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("this user may not mount a small disk to fill")
    environment = os.environ | {"TALLYSTICK_HOME": str(disk / "home")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            env=environment,
            capture_output=True,
            check=False,
            text=True,
            cwd=ROOT,
            timeout=PATIENCE_SECONDS,
        )

    try:
        cramped = run("tenant", "create", "demo")
        assert cramped.returncode == 1
        assert "No space left on device" in cramped.stderr
        assert "Traceback" not in cramped.stderr
        subprocess.run(["mount", "-o", "remount,size=140m", str(disk)], check=True)
        assert run("tenant", "create", "demo").returncode == 0
        free = shutil.disk_usage(disk).free
        filler = disk / "filler"
        filler.write_bytes(b"x" * (free - 6_000_000))
        full = run("sync", str(folder), "--business-date", ON.isoformat())
        assert full.returncode == 1, full.stderr
        assert "Traceback" not in full.stderr
        assert "disk" in full.stderr or "database" in full.stderr
        filler.unlink()
        again = run("sync", str(folder), "--business-date", ON.isoformat())
        assert again.returncode == 0, again.stderr
        assert run("projections", "check").returncode == 0
    finally:
        time.sleep(1)
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_clock_that_jumps_back_does_not_turn_the_log_around(
    database: Database, tenant: Tenant, folder: Path
) -> None:
    with database.connect("owner") as owner:
        ahead = owner.execute(
            "UPDATE heads SET recorded_at = clock_timestamp() + interval '2 hours'"
            " WHERE tenant = %s RETURNING recorded_at",
            (tenant.id,),
        ).fetchone()
        assert ahead is not None
        load(database, tenant, folder, business_date=ON)
        (first, falling) = owner.execute(
            "SELECT min(recorded_at), count(*) FILTER (WHERE falls) FROM (SELECT recorded_at,"
            " recorded_at < lag(recorded_at) OVER (ORDER BY position) AS falls FROM events"
            " WHERE tenant = %s) e",
            (tenant.id,),
        ).fetchone() or (None, None)
    assert (first > ahead[0], falling) == (True, 0)


def test_a_login_that_is_refused_is_told(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "cli", "tenant", "create", "x"],
        env=os.environ | {"TALLYSTICK_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        capture_output=True,
        check=False,
        text=True,
        cwd=ROOT,
        timeout=PATIENCE_SECONDS,
    )
    assert told.returncode == 1
    assert "does not answer" in told.stderr
    assert "Traceback" not in told.stderr
