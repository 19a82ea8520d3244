"""The command line's contract, as scripts outside of the project see it."""

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from runtime.database import Database
from runtime.tenants import Tenant
from tests.loading import recorded_at, write_csv

ROOT = Path(__file__).parents[2]
DEMO_QUERY = """
    {invoices {totalCount} aging {groups {companyId}} issues {totalCount} viewer {userId}}"""
INVOICES = "company_id,tran_id,cust_id,tran_date,due_date,amount,curr_id"


class Command:
    """The command, for one tenant, on the database of the test run."""

    def __init__(self, database: Database, tenant: Tenant) -> None:
        assert database.server is not None
        self.environment = os.environ | {"TALLYSTICK_HOME": str(database.server.home)}
        self.tenant = tenant.name

    def __call__(
        self, *arguments: str, tenant: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", "--tenant", tenant or self.tenant, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
            timeout=120,
        )

    def told(self, *arguments: str) -> Any:
        """The JSON of a command that succeeds."""
        done = self(*arguments, "--format", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def tallystick(database: Database, tenant: Tenant) -> Command:
    return Command(database, tenant)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_csv(
        tmp_path / "invoices.csv",
        INVOICES,
        [
            "406,I1,ACME,2013-05-01,2013-06-15,55.94,USD",
            "406,I2,BETA,2013-06-01,2013-07-01,100,USD",
            "391,I1,ACME,2013-06-01,,7.5,USD",
        ],
    )
    return tmp_path


def test_sync_tells_what_it_did_and_aging_what_is_open(
    tallystick: Command, folder: Path, database: Database, tenant: Tenant
) -> None:
    told = tallystick.told("sync", str(folder), "--business-date", "2013-07-01")
    assert list(told) == ["read", "new", "changed", "unchanged", "rejected", "events", "position"]
    assert (told["read"], told["new"], told["rejected"]) == (3, 3, [])
    assert told["events"] == told["position"] > 3
    again = tallystick.told("sync", str(folder), "--business-date", "2013-07-01")
    assert (again["events"], again["unchanged"], again["position"]) == (0, 3, told["position"])

    aging = tallystick.told("aging", "--as-of", "2013-06-30")

    def bucket(label: str, amount: str = "0.00", count: int = 0) -> dict[str, Any]:
        return {"label": label, "amount": amount, "count": count}

    assert aging == {
        "as_of": "2013-06-30",
        "known_at": None,
        "basis": "due",
        "groups": [
            {
                "company": "391",
                "account": None,
                "currency": "USD",
                "buckets": [
                    bucket("future"),
                    bucket("current"),
                    bucket("1-30", "7.50", 1),
                    bucket("31-60"),
                    bucket("61-90"),
                    bucket("91-120"),
                    bucket("121+"),
                ],
                "total": {"amount": "7.50", "count": 1},
            },
            {
                "company": "406",
                "account": None,
                "currency": "USD",
                "buckets": [
                    bucket("future"),
                    bucket("current", "100.00", 1),
                    bucket("1-30", "55.94", 1),
                    bucket("31-60"),
                    bucket("61-90"),
                    bucket("91-120"),
                    bucket("121+"),
                ],
                "total": {"amount": "155.94", "count": 2},
            },
        ],
    }
    by_account = tallystick.told(
        "aging", "--as-of", "2013-06-30", "--by", "account", "--basis", "invoice"
    )
    assert by_account["basis"] == "invoice"
    assert [(one["company"], one["account"]) for one in by_account["groups"]] == [
        ("391", "ACME"),
        ("406", "ACME"),
        ("406", "BETA"),
    ]
    assert [one["label"] for one in by_account["groups"][0]["buckets"]] == [
        "future",
        "current",
        "31-60",
        "61-90",
        "91-120",
        "121+",
    ]
    early = tallystick.told("aging", "--as-of", "2013-06-30", "--known-at", "2001-01-01T00:00:00Z")
    assert (early["known_at"], early["groups"]) == ("2001-01-01T00:00:00+00:00", [])
    moment = recorded_at(database, tenant).isoformat()
    known = tallystick.told("aging", "--as-of", "2013-06-30", "--known-at", moment)
    assert known["groups"] == aging["groups"]
    none = tallystick("aging", "--as-of", "2001-01-01", "--format", "csv", "--basis", "invoice")
    assert none.stdout.splitlines() == [
        "company,currency,future,current,31-60,61-90,91-120,121+,total,documents"
    ]
    printed = tallystick("aging", "--as-of", "2013-06-30", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(printed.stdout)))
    assert [(row["company"], row["1-30"], row["total"]) for row in rows] == [
        ("391", "7.50", "7.50"),
        ("406", "55.94", "155.94"),
    ]
    assert "406" in tallystick("aging", "--as-of", "2013-06-30").stdout


def test_rejected_rows_exit_with_1_and_the_good_ones_load(
    tallystick: Command, folder: Path
) -> None:
    with (folder / "invoices.csv").open("a") as file:
        file.write("406,I9,ACME,31/02/2013,,1,USD\n406,I8\n")
    done = tallystick("sync", str(folder), "--format", "json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["rejected"] == [
        {
            "file": "invoices.csv",
            "line": 6,
            "column": None,
            "reason": "The row has 2 fields, the header 7.",
        },
        {
            "file": "invoices.csv",
            "line": 5,
            "column": "tran_date",
            "reason": "tran_date '31/02/2013' is no date; dates are written YYYY-MM-DD.",
        },
    ]
    assert told["new"] == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["aging", "--as-of", "31/02/2013"], 2),
        (["aging", "--basis", "moon"], 2),
        (["aging", "--known-at", "yesterday"], 2),
        (["aging", "--format", "xml"], 2),
        (["sync"], 2),
        (["sync", "/nowhere"], 2),
        (["nonsense"], 2),
        (["key", "create", "--role", "emperor", "--name", "x"], 2),
        (["serve", "--only", "kitchen"], 2),
        (["sync", str(ROOT / "docs")], 1),
        (["sync", str(ROOT / "docs"), "--mapping", str(ROOT / "Makefile")], 1),
    ],
)
def test_failures_exit_with_their_code_and_say_why_on_standard_error(
    tallystick: Command, arguments: list[str], code: int
) -> None:
    done = tallystick(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_a_tenant_must_be_made_before_it_is_used_and_is_made_once(
    tallystick: Command, tenant: Tenant
) -> None:
    unknown = tallystick("aging", tenant="nobody-here")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "tallystick tenant create nobody-here" in unknown.stderr
    twice = tallystick("tenant", "create", tenant.name)
    assert (twice.returncode, "already" in twice.stderr) == (1, True)
    bad = tallystick("tenant", "create", "Not a name!")
    assert (bad.returncode, "lower-case" in bad.stderr) == (1, True)


def test_key_create_prints_the_key_and_nothing_else(tallystick: Command) -> None:
    done = tallystick("key", "create", "--role", "auditor", "--name", "Audit 2026")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"tsk_[\w-]{43}\n", done.stdout)


@pytest.mark.parametrize("role", ["owner", "app", "auditor"])
def test_db_url_connects_as_its_role(
    tallystick: Command, role: str, database: Database, tenant: Tenant
) -> None:
    done = tallystick("db", "url", "--role", role)
    assert done.returncode == 0
    with psycopg.connect(done.stdout.strip()) as connection:
        found = connection.execute("SELECT current_user").fetchone()
        assert found == (f"tallystick_{role}",)


def test_db_url_connects_without_a_tenant_and_then_shows_no_rows(tallystick: Command) -> None:
    owner = tallystick("db", "url", tenant="demo")
    app = tallystick("db", "url", "--role", "app", tenant="demo")
    assert (owner.returncode, app.returncode, owner.stderr) == (0, 0, "")
    with psycopg.connect(owner.stdout.strip()) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("tallystick_owner",)
    with psycopg.connect(app.stdout.strip()) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE events SET actor = 'me'")
    assert tallystick("db", "url", "--role", "app", tenant="nobody-here").returncode == 1


def test_projections_are_cared_for(
    tallystick: Command, folder: Path, owner: Any, tenant: Tenant
) -> None:
    position = tallystick.told("sync", str(folder))["position"]
    status = tallystick.told("projections", "status")
    assert {one["read_model"]: (one["position"], one["lag"], one["stopped_at"]) for one in status}[
        "invoices"
    ] == (position, 0, None)
    assert tallystick("projections", "check").returncode == 0
    owner.execute(
        "UPDATE read_models.invoices SET balance = 1 WHERE tenant = %s AND tran_id = 'I2'",
        (tenant.id,),
    )
    broken = tallystick("projections", "check", "--format", "json")
    assert broken.returncode == 1
    assert [one["table"] for one in json.loads(broken.stdout)] == ["invoices"]
    assert tallystick("projections", "retry").returncode == 0
    assert tallystick("projections", "rebuild", "nonsense").returncode == 2


def test_schema_prints_the_graphql_schema(tallystick: Command) -> None:
    assert tallystick("schema").stdout == (ROOT / "api" / "schema.graphql").read_text()


@pytest.fixture
def home() -> Generator[Path]:
    """A database of its own, as who serves reads and does things for every tenant there is."""
    with tempfile.TemporaryDirectory(
        prefix="tallystick-demo-", ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def test_demo_loads_a_ledger_serves_it_and_stops_when_told(
    home: Path, tallystick: Command, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "stderr").open("w+") as errors:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "cli",
                "demo",
                "--tenant",
                f"{tallystick.tenant}-demo"[-60:],
                "--size",
                "400",
                "--port",
                str(port),
            ],
            env=tallystick.environment | {"TALLYSTICK_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
        )
        assert process.stdout is not None
        told = {}
        for line in process.stdout:
            name, _, value = line.strip().partition(": ")
            told[name] = value
            if name == "API key":
                break
        url = told["Schema"].removesuffix("/schema.graphql")
        headers = {"Authorization": f"Bearer {told['API key']}"}
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = httpx.post(
                    f"{url}/graphql",
                    json={"query": DEMO_QUERY},
                    headers=headers,
                )
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        data = answer.json()["data"]
        assert data["invoices"]["totalCount"] >= 400
        assert len(data["aging"]["groups"]) > 2
        assert data["issues"]["totalCount"] > 0
        assert data["viewer"] == {"userId": "MH"}
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        errors.seek(0)
        told_errors = errors.read()
    assert process.returncode == 0, told_errors
    assert "Traceback" not in told_errors
