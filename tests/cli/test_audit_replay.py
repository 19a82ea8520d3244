"""`tallystick audit replay`: how the past is asked for, and how that ends."""

import json
from pathlib import Path

import duckdb
import pytest

from runtime.database import Database
from runtime.tenants import Tenant, create_tenant
from runtime.trails import catch_up
from tests.cli.test_contract import INVOICES, Command
from tests.loading import recorded_at, write_csv
from tests.runtime.rules import Site

COUNT = "{invoices {totalCount} viewer {position role businessDate}}"


@pytest.fixture
def tallystick(database: Database, tenant: Tenant) -> Command:
    return Command(database, tenant)


def sync(tallystick: Command, folder: Path, *numbers: int) -> int:
    """Load some documents; the position after them."""
    rows = [f"406,I{one},ACME,2013-05-01,2013-06-15,10,USD" for one in numbers]
    write_csv(folder / "invoices.csv", INVOICES, rows)
    return tallystick.told("sync", str(folder), "--business-date", "2013-06-30")["position"]


def test_the_past_is_replayed_asked_and_written_out(
    tallystick: Command, database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    position = sync(tallystick, tmp_path / "in", 1, 2)
    moment = recorded_at(database, tenant)
    aging = tallystick.told("aging", "--as-of", "2013-06-30")
    dashboard = tallystick.told("dashboard", "--as-of", "2013-06-30")
    sync(tallystick, tmp_path / "in", 1, 2, 3)
    query = tmp_path / "count.graphql"
    query.write_text(COUNT)

    done = tallystick(
        *("audit", "replay", "--at", str(position), "--name", "june", "--query", f"@{query}"),
        *("--parquet", str(tmp_path / "parquet")),
    )

    assert done.returncode == 0, done.stderr
    assert "The replay june is made." in done.stderr
    assert json.loads(done.stdout) == {
        "data": {
            "invoices": {"totalCount": 2},
            "viewer": {
                "position": position,
                "role": "AUDITOR",
                "businessDate": moment.date().isoformat(),
            },
        }
    }
    written = json.loads((tmp_path / "parquet" / "replay.json").read_text())
    assert (written["replay"], written["rows"]["invoices"]) == ("june", 2)
    with duckdb.connect() as reading:
        path = tmp_path / "parquet" / "invoices.parquet"
        found = reading.execute(f"SELECT tran_id FROM '{path}' ORDER BY 1").fetchall()
    assert found == [("I1",), ("I2",)]

    assert tallystick.told("aging", "--as-of", "2013-06-30", "--replay", "june") == aging
    assert tallystick.told("dashboard", "--as-of", "2013-06-30", "--replay", "june") == dashboard
    now = tallystick.told("aging", "--as-of", "2013-06-30")
    assert [one["total"]["count"] for one in now["groups"]] == [3]
    today = tallystick.told("aging", "--replay", "june")["as_of"]
    assert today == moment.date().isoformat()

    again = tallystick("audit", "replay", "--at", str(position), "--name", "june")
    assert "The replay june is there already." in again.stderr
    told = {
        "name": "june",
        "position": position,
        "moment": moment.isoformat(),
        "state": "finished",
        "schema": f"replay_{tenant.id}_june",
    }
    assert tallystick.told("audit", "replay", "--name", "june") == [told]
    assert tallystick.told("audit", "replays") == [told]
    by_moment = tallystick.told("audit", "replay", "--at", moment.isoformat())
    assert [one["position"] for one in by_moment] == [position]
    left = tallystick.told("audit", "replays", "--drop", "june")
    assert [one["name"] for one in left] == [by_moment[0]["name"]]


def test_a_replay_ages_as_the_site_did_then(
    tallystick: Command, database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    sync(tallystick, tmp_path / "in", 1)
    moment = recorded_at(database, tenant).isoformat()
    tallystick("audit", "replay", "--at", moment, "--name", "then")
    Site(database, tenant, tmp_path).options(aging_boundaries_due=(10, 20, 30, 40))
    catch_up(database, tenant)

    def labels(*given: str) -> list[str]:
        told = tallystick.told("aging", "--as-of", "2013-06-30", *given)
        return [one["label"] for one in told["groups"][0]["buckets"]]

    assert labels("--known-at", moment) == labels()
    assert labels() == ["future", "current", "1-10", "11-20", "21-30", "31-40", "41+"]
    assert labels("--replay", "then")[2:] == ["1-30", "31-60", "61-90", "91-120", "121+"]


def test_what_cannot_be_is_refused(tallystick: Command, database: Database, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    position = sync(tallystick, tmp_path / "in", 1)
    tallystick("audit", "replay", "--at", "1", "--name", "mine")
    other = create_tenant(database, f"{tallystick.tenant}-o"[-60:])
    for wrong, why in (
        ((), "Say when with --at"),
        (("--at", "soon"), "is no moment"),
        (("--at", "1", "--variables", "[]"), "--variables takes a JSON object"),
        (("--at", "1", "--query", "@nowhere"), "nowhere cannot be read"),
    ):
        done = tallystick("audit", "replay", *wrong)
        assert (done.returncode, why in done.stderr) == (2, True), done.stderr
    for refused, why in (
        (("--at", str(position + 1)), f"there is no position {position + 1}"),
        (("--at", "2999-01-01"), "lies in the future"),
        (("--name", "mine", "--csv", str(tmp_path)), "The folder is not empty"),
        (("--name", "mine", "--query", COUNT, "--key", "x"), "No API key 'x' let anybody in"),
    ):
        done = tallystick("audit", "replay", *refused)
        assert (done.returncode, why in done.stderr) == (1, True), done.stderr
    theirs = tallystick("aging", "--replay", "mine", tenant=other.name)
    assert (theirs.returncode, "There is no replay 'mine'" in theirs.stderr) == (1, True)
    assert [one["name"] for one in tallystick.told("audit", "replays")] == ["mine"]

    for document, code in (
        ("mutation {signCheckpoint {position}}", "BAD_REQUEST"),
        ("{nonsense}", "GRAPHQL_VALIDATION_FAILED"),
    ):
        done = tallystick("audit", "replay", "--name", "mine", "--query", document)
        (error,) = json.loads(done.stdout)["errors"]
        assert (done.returncode, error["extensions"]["code"]) == (1, code)
