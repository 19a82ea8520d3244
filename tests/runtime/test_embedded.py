"""The embedded server: survives its users' deaths and its own, and goes with the last of them."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from runtime import read_models
from runtime.database import Database
from runtime.embedded import DatabaseUnavailable, EmbeddedServer, _settings, embedded_server
from runtime.settings import Settings
from runtime.tenants import create_tenant
from tests.loading import aging, load, write_csv

ROOT = Path(__file__).parents[2]

USER = """
import sys
from pathlib import Path
from runtime.embedded import embedded_server
server = embedded_server(Path(sys.argv[1]))
print("up", flush=True)
sys.stdin.read()
"""


def start_user(home: Path) -> subprocess.Popen[str]:
    """Another process that uses the server, and says so when it does."""
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def user(home: Path) -> subprocess.Popen[str]:
    """Another process, once it uses the server."""
    process = start_user(home)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def answers(server: EmbeddedServer) -> int:
    """The postmaster's process id, if the server answers."""
    with psycopg.connect(server.url(dbname="postgres"), connect_timeout=5) as connection:
        connection.execute("SELECT 1")
    return postmaster(server.home)


def postmaster(home: Path) -> int:
    return int((home / "pgdata" / "postmaster.pid").read_text().split()[0])


def until(condition: object) -> None:
    deadline = time.monotonic() + 30
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def is_gone(home: Path) -> bool:
    return not (home / "pgdata" / "postmaster.pid").exists()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose server has run once."""
    home = tmp_path_factory.mktemp("template") / "home"
    with embedded_server(home) as server:
        assert answers(server)
    until(lambda: is_gone(home))
    return home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Generator[Path]:
    """A home of one's own, made quickly."""
    home = tmp_path / "home"
    shutil.copytree(template, home, ignore=shutil.ignore_patterns("run", "postgres.log"))
    for folder, folders, files in os.walk(home / "pgdata"):
        for name in (folder, *(Path(folder, one) for one in (*folders, *files))):
            shutil.chown(name, (template / "pgdata").stat().st_uid)
    yield home
    until(lambda: is_gone(home))


def test_it_serves_several_users_and_goes_with_the_last(home: Path) -> None:
    other = user(home)
    with embedded_server(home) as server:
        pid = answers(server)
        assert embedded_server(home) is server
        other.communicate()
        time.sleep(0.3)
        assert answers(server) == pid
    until(lambda: is_gone(home))


def test_several_users_that_come_at_once_share_one_server(home: Path) -> None:
    users = [start_user(home) for _ in range(3)]
    for process in users:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
    log = (home / "postgres.log").read_text()
    assert log.count("ready to accept connections") == 1
    for process in users:
        process.communicate()


def test_a_user_that_is_killed_leaves_no_server_behind(home: Path) -> None:
    process = user(home)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    until(lambda: is_gone(home))


def test_a_server_that_is_killed_comes_back_with_its_data(home: Path) -> None:
    with embedded_server(home) as server:
        with psycopg.connect(server.url(dbname="postgres")) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
        pid = answers(server)
        os.kill(pid, signal.SIGKILL)

        def is_back() -> bool:
            try:
                return answers(server) != pid
            except (psycopg.OperationalError, OSError, IndexError):
                return False

        until(is_back)
        with psycopg.connect(server.url(dbname="postgres")) as connection:
            assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)


def test_a_server_whose_supervisor_is_killed_is_taken_on_by_the_next(home: Path) -> None:
    with embedded_server(home) as server:
        pid = answers(server)
        command = f"runtime.embedded {home}"
        found = subprocess.run(
            ["pgrep", "-f", command], capture_output=True, text=True, check=True
        ).stdout.split()
        for one in found:
            os.kill(int(one), signal.SIGKILL)
        other = user(home)
        assert answers(server) == pid
        other.communicate()
    until(lambda: is_gone(home))


def test_a_long_path_with_spaces_is_no_hindrance(template: Path, tmp_path: Path) -> None:
    home = tmp_path / ("a long path " * 12).strip() / "home"
    with embedded_server(home) as server:
        assert answers(server)
    until(lambda: is_gone(home))


def test_a_home_that_cannot_be_is_told(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.touch()
    with pytest.raises(DatabaseUnavailable, match="cannot be kept under"):
        embedded_server(occupied / "home")


def test_nothing_is_lost_that_was_committed(home: Path) -> None:
    with (
        embedded_server(home) as server,
        psycopg.connect(server.url(dbname="postgres")) as connection,
    ):
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {name}".encode()).fetchone() == ("on",)


def test_its_settings_fit_the_machine() -> None:
    settings = dict(
        line.split(" = ", 1) for line in _settings(Path("/run/x")).splitlines() if " = " in line
    )
    assert 128 <= int(settings["shared_buffers"].removesuffix("MB")) <= 2048
    assert settings["listen_addresses"] == "''"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_has_a_server_of_its_own(tmp_path: Path) -> None:
    nobody = 65_534
    home = Path("/tmp") / f"tallystick-nobody-{os.getpid()}"
    program = (
        "import sys; from pathlib import Path; from runtime.embedded import embedded_server;"
        " import psycopg; server = embedded_server(Path(sys.argv[1]));"
        " print(psycopg.connect(server.url(dbname='postgres')).execute('SELECT 1').fetchone())"
    )
    try:
        subprocess.run(
            [sys.executable, "-c", "import psycopg, structlog"],
            user=nobody,
            group=nobody,
            cwd="/",
            check=True,
            capture_output=True,
            env={},
        )
    except (PermissionError, subprocess.CalledProcessError):
        pytest.skip("this environment is not readable for other users")
    home.mkdir()
    os.chown(home, nobody, nobody)
    try:
        told = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program, str(home)],
            user=nobody,
            group=nobody,
            extra_groups=[],
            cwd="/",
            check=False,
            capture_output=True,
            text=True,
            env={"HOME": str(home), "PYTHONPATH": str(ROOT)},
            timeout=60,
        )
        assert (told.stdout, told.returncode) == ("(1,)\n", 0), told.stderr
        until(lambda: is_gone(home))
    finally:
        shutil.rmtree(home)


@pytest.mark.parametrize(
    ("rights", "made_before", "worker"),
    [
        ("CREATEROLE BYPASSRLS", False, "tallystick_worker"),
        ("CREATEROLE", False, "boss"),
        ("", True, "tallystick_worker"),
    ],
    ids=["who may all that is needed", "who may make roles", "whose roles were made before"],
)
def test_a_server_by_url_will_do_for_an_owner(
    home: Path, tmp_path: Path, rights: str, made_before: bool, worker: str
) -> None:
    """An owner who is no superuser, as managed servers have it."""
    settings = Settings(home=tmp_path / "elsewhere")
    with embedded_server(home) as server:
        with psycopg.connect(server.url(dbname="postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE boss LOGIN {rights}".encode())
            connection.execute("CREATE DATABASE theirs OWNER boss TEMPLATE template0")
            settings.database_url = server.url("boss", dbname="theirs")
            if made_before:
                with pytest.raises(DatabaseUnavailable, match=r"denied to create role.*CREATEROLE"):
                    Database.open(settings)
                text = (ROOT / "docs" / "settings.md").read_text()
                (statements,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
                connection.execute(statements.replace("the_user", "boss").encode())
        database = Database.open(settings)
        tenant = create_tenant(database, "demo")
        invoices = "company_id,tran_id,cust_id,tran_date,amount"
        write_csv(tmp_path / "invoices.csv", invoices, ["1,I1,A,2026-01-01,100"])
        load(database, tenant, tmp_path, business_date=date(2026, 3, 1))

        cells = aging(database, tenant, date(2026, 1, 1))
        assert cells == {("1", None, "current"): (Decimal(100), 1)}
        seen = "SELECT current_user, count(*) FROM events GROUP BY 1"
        with psycopg.connect(database.url("worker")) as connection:
            assert connection.execute(seen).fetchone() == (worker, 4)
        for role in ("app", "auditor"):
            with psycopg.connect(database.url(role, tenant.id)) as connection:
                assert connection.execute(seen).fetchone() == (f"tallystick_{role}", 4)
            with psycopg.connect(database.url(role, tenant.id + 1)) as connection:
                assert connection.execute(seen).fetchone() is None
        with database.connect("owner") as connection:
            assert read_models.rebuild(database, ()) == 4
            with pytest.raises(psycopg.DatabaseError, match="append-only"):
                connection.execute("DELETE FROM events")
