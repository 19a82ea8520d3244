"""`tallystick explain figure`: the commands of its page, and what they refuse."""

import csv
import io
import re
import shlex
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from runtime.database import Database
from runtime.tenants import Tenant
from tests.cli.test_contract import Command
from tests.loading import load, recorded_at, write_csv

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "explain-a-figure.md"
INVOICES = "company_id,tran_id,cust_id,tran_date,due_date,amount,balance,curr_id"


@pytest.fixture
def tallystick(database: Database, tenant: Tenant, tmp_path: Path) -> Command:
    """The command, for a ledger of 2013."""
    rows = [
        "406,I1,ACME,2013-05-01,2013-06-10,155.94,155.94,USD",
        "406,I2,BETA,2013-05-20,2013-06-20,100,80,USD",
        "391,I1,ACME,2013-06-01,2013-06-20,70.50,70.50,EUR",
    ]
    write_csv(tmp_path / "invoices.csv", INVOICES, rows)
    load(database, tenant, tmp_path, business_date=date(2013, 6, 30))
    return Command(database, tenant)


def test_the_commands_of_the_page_explain_figures(tallystick: Command) -> None:
    lines = re.findall(r"^\$ (tallystick .*)$", PAGE.read_text(), re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        told = tallystick.told(*shlex.split(line)[1:])
        assert told["equal"], line
        assert told["value"] == told["total"]
        assert told["contributions"], line


def test_the_figure_is_that_of_aging_and_its_documents_add_up(tallystick: Command) -> None:
    aging = tallystick.told("aging", "--as-of", "2013-06-30")
    (group,) = (one for one in aging["groups"] if one["company"] == "406")
    bucket = group["buckets"][2]
    told = tallystick.told(
        "explain", "figure", bucket["label"], "--company", "406", "--as-of", "2013-06-30"
    )
    parts = told.pop("contributions")
    assert told == {
        "report": "aging",
        "figure": "1-30",
        "as_of": "2013-06-30",
        "known_at": None,
        "currency": "USD",
        "value": bucket["amount"],
        "total": "235.94",
        "equal": True,
        "count": 2,
    }
    assert [(one["record"], one["contribution"], one["balance"]) for one in parts] == [
        ("I1", "155.94", "155.94"),
        ("I2", "80.00", "80.00"),
    ]
    assert [(one["type"], one["effect"]) for one in parts[1]["events"]] == [
        ("InvoiceRegistered", "100.00"),
        ("InvoiceBalanceReconciled", "-20.00"),
    ]
    assert parts[1]["events"][0]["actor"] == "test"


def test_tables_and_csv_tell_each_event_of_each_document(tallystick: Command) -> None:
    given = ("explain", "figure", "total", "--company", "406", "--as-of", "2013-06-30")
    rows = list(csv.DictReader(io.StringIO(tallystick(*given, "--format", "csv").stdout)))
    assert [(one["record"], one["event"]) for one in rows] == [
        ("I1", "InvoiceRegistered"),
        ("I2", "InvoiceRegistered"),
        ("I2", "InvoiceBalanceReconciled"),
    ]
    assert sum(Decimal(one["effect"]) for one in rows) == Decimal("235.94")
    table = tallystick(*given, "--first", "1")
    assert "total on 2013-06-30: 235.94 USD, the sum of 2 contributions" in table.stdout
    assert table.stderr == "Not shown: 1 smaller contribution; see --first.\n"


def test_what_was_not_known_is_not_told(
    tallystick: Command, database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    before = recorded_at(database, tenant).isoformat()
    write_csv(
        tmp_path / "invoices.csv", INVOICES, ["406,I1,ACME,2013-05-01,2013-06-10,155.94,0,USD"]
    )
    load(database, tenant, tmp_path, business_date=date(2013, 6, 30))
    given = ("explain", "figure", "total", "--company", "406", "--as-of", "2013-06-30")
    assert tallystick.told(*given)["value"] == "80.00"
    assert tallystick.told(*given, "--known-at", before)["value"] == "235.94"


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (["total"], 2, "A figure of aging needs --company."),
        (["total", "--company", "406", "--currency", "USD"], 2, "takes no --currency"),
        (["nonsense", "--company", "406"], 1, "Aging has no figure nonsense. It has total,"),
        (["total", "--company", "9"], 1, "There is no company '9'."),
        (["dso", "--report", "dashboard"], 1, "dso cannot be explained by documents: it is a"),
        (["totalAge", "--report", "dashboard"], 1, "There are EUR, USD."),
        (["totalAge", "--report", "account", "--company", "406"], 2, "needs --account"),
        (["total", "--company", "406", "--first", "0"], 2, "--first"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    tallystick: Command, given: list[str], code: int, message: str
) -> None:
    done = tallystick("explain", "figure", *given)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
