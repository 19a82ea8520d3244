"""`tallystick audit diff`: what changed between two agings, and what it refuses."""

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from runtime.database import Database
from runtime.tenants import Tenant
from tests.cli.test_contract import Command
from tests.loading import load, recorded_at, write_csv

INVOICES = "company_id,tran_id,cust_id,tran_date,due_date,amount,balance,curr_id"
ON = ("--as-of", "2013-06-30")


@pytest.fixture
def told(database: Database, tenant: Tenant, tmp_path: Path) -> tuple[Command, str]:
    """The command, and the moment before the ledger was corrected."""
    rows = [
        "406,I1,ACME,2013-05-01,2013-06-10,155.94,155.94,USD",
        "406,I2,BETA,2013-05-20,2013-06-20,100,80,USD",
        "406,I3,BETA,2013-05-20,2013-06-20,7,7,USD",
    ]
    write_csv(tmp_path / "invoices.csv", INVOICES, rows)
    load(database, tenant, tmp_path, business_date=date(2013, 6, 30))
    before = recorded_at(database, tenant).isoformat()
    corrected = [
        "406,I1,ACME,2013-05-01,2013-05-20,155.94,155.94,USD",
        "406,I2,BETA,2013-05-20,2013-06-20,100,0,USD",
        rows[2],
    ]
    write_csv(tmp_path / "invoices.csv", INVOICES, corrected)
    load(database, tenant, tmp_path, business_date=date(2013, 6, 30))
    return Command(database, tenant), before


def test_documents_and_events_say_what_changed_between_two_moments(
    told: tuple[Command, str],
) -> None:
    tallystick, before = told
    found = tallystick.told("audit", "diff", "--known-at", before, *ON)

    assert (found["basis"], found["equal"], found["count"]) == ("due", True, 2)
    assert found["before"]["known_at"] == before
    assert found["before"]["position"] < found["after"]["position"]
    (group,) = found["groups"]
    buckets = {one.pop("label"): one for one in (*group["buckets"], group["total"])}
    assert buckets["1-30"] == {
        "before": "242.94",
        "after": "7.00",
        "difference": "-235.94",
        "count_before": 3,
        "count_after": 1,
    }
    assert buckets["31-60"]["difference"] == "155.94"
    assert buckets["total"]["difference"] == "-80.00"
    moved, paid = found["documents"]
    assert moved["buckets"] == [
        cell("ACME", "1-30", "155.94", "0.00", "-155.94"),
        cell("ACME", "31-60", "0.00", "155.94", "155.94"),
    ]
    assert (moved["record"], moved["balance_before"], moved["balance_after"]) == (
        "I1",
        "155.94",
        "155.94",
    )
    assert [(one["type"], one["effect"]) for one in moved["events"]] == [("InvoiceAmended", "0.00")]
    assert paid["buckets"] == [cell("BETA", "1-30", "80.00", "0.00", "-80.00")]
    assert {"InvoiceBalanceReconciled"} <= {one["type"] for one in paid["events"]}
    assert sum(float(one["effect"]) for one in paid["events"]) == -80
    first, last = found["before"]["position"], found["after"]["position"]
    for one in (*moved["events"], *paid["events"]):
        assert first < one["position"] <= last


def cell(account: str, label: str, before: str, after: str, difference: str) -> dict[str, Any]:
    return {
        "account": account,
        "label": label,
        "before": before,
        "after": after,
        "difference": difference,
    }


def test_two_dates_are_compared_as_known_now(told: tuple[Command, str]) -> None:
    tallystick, _ = told
    found = tallystick.told("audit", "diff", *ON, "--as-of", "2013-07-30", "--by", "account")
    assert found["equal"]
    (document,) = (one for one in found["documents"] if one["record"] == "I3")
    assert [(one["label"], one["difference"]) for one in document["buckets"]] == [
        ("1-30", "-7.00"),
        ("31-60", "7.00"),
    ]
    assert document["events"] == []
    assert {one["account"] for one in found["groups"]} == {"ACME", "BETA"}


def test_tables_tell_buckets_and_documents_and_csv_documents_alone(
    told: tuple[Command, str],
) -> None:
    tallystick, before = told
    given = ("audit", "diff", "--known-at", before, *ON)
    table = tallystick(*given, "--first", "1")
    assert "From 2013-06-30 as known at" in table.stdout
    assert "-235.94" in table.stdout
    assert "InvoiceAmended" in table.stdout
    assert "InvoiceBalanceReconciled" not in table.stdout
    assert table.stderr == "Not shown: 1 document; see --first.\n"
    rows = list(csv.DictReader(io.StringIO(tallystick(*given, "--format", "csv").stdout)))
    assert {one["record"] for one in rows} == {"I1", "I2"}
    assert [one["difference"] for one in rows if one["record"] == "I1"] == [
        "-155.94",
        "155.94",
        "",
    ]


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ([], 2, "Say what to compare"),
        (["--as-of", "2013-06-30"], 2, "Say what to compare"),
        (["--known-at", "2013"], 2, "is no moment"),
        (["--as-of", "2013-06-30"] * 3, 2, "twice at most"),
        (["--known-at", "2014-01-02", "--known-at", "2014-01-01"], 1, "put them the other way"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    database: Database, tenant: Tenant, given: list[str], code: int, message: str
) -> None:
    done = Command(database, tenant)("audit", "diff", *given)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
