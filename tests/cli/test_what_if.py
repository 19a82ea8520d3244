"""`tallystick rules what-if`: the commands of its page, and what they refuse."""

import re
import shlex
from datetime import date
from pathlib import Path

import pytest

from domain.what_if import CAVEAT
from runtime.database import Database
from runtime.strategies import put_starter_in_force
from runtime.tenants import Tenant
from tests.cli.test_contract import Command
from tests.loading import load, write_csv

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "compare-strategies.md"
DATES = ("--from", "2013-06-01", "--to", "2013-07-31")
INVOICES = "company_id,tran_id,cust_id,tran_date,due_date,amount,balance,curr_id"


@pytest.fixture
def tallystick(database: Database, tenant: Tenant, tmp_path: Path) -> Command:
    """The command, for a ledger of 2013 with the starter strategy."""
    put_starter_in_force(database, tenant, actor="t")
    rows = [
        "406,I1,ACME,2013-05-01,2013-06-10,155.94,155.94,USD",
        "406,I2,BETA,2013-06-01,2013-07-01,100,100,USD",
        "391,I1,ACME,2013-06-01,2013-06-20,70.50,70.50,EUR",
    ]
    write_csv(tmp_path / "invoices.csv", INVOICES, rows)
    load(database, tenant, tmp_path, business_date=date(2013, 8, 1))
    return Command(database, tenant)


def test_the_commands_of_the_page_compare_strategies(tallystick: Command, tmp_path: Path) -> None:
    export, one, both = (
        shlex.split(line)[1:]
        for line in re.findall(r"^\$ (tallystick .*)$", PAGE.read_text(), re.MULTILINE)
    )
    assert export == ["rules", "export", ">", "draft.toml"]
    draft = tmp_path / "draft.toml"
    exported = tallystick("rules", "export").stdout
    draft.write_text(exported.replace("due_date_days >= 8 and", "due_date_days >= 15 and"))
    position = tallystick.told("rules", "list")

    told = tallystick(*(str(draft) if part == "draft.toml" else part for part in one))
    assert (told.returncode, told.stderr) == (0, "")
    assert "first-call" in told.stdout
    assert CAVEAT in told.stdout

    given = [str(draft) if part == "draft.toml" else part for part in both]
    told = tallystick(*given)
    assert told.returncode == 0
    assert "in force: 13 contacts with 3 customers on 43 dates" in told.stdout
    assert "Contacted by both: 3 customers; only by in force: none;" in told.stdout
    compared = tallystick.told(*given)
    assert compared["caveat"] == CAVEAT
    assert compared["first"]["total"]["created"] == 13
    assert tallystick.told("rules", "list") == position
    assert tallystick("projections", "check").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["--from", "2013-07-01", "--to", "2013-06-01"], 1, "before 2013-07-01"),
        (["--from", "2013-07-01", "--to", "2015-06-01"], 1, "at most 366"),
        (["--from", "2013-07-01", "--to", "9999-06-01"], 1, "Nothing is known of 9999-06-01"),
        ([*DATES, "--class", "NONE", "--known", "now"], 1, "has no credit class NONE"),
        ([*DATES, "--everyone", "--known", "now"], 1, "which class"),
        (list(DATES), 1, "nothing was known on 2013-07-31"),
        ([*DATES, "--strategy", "nowhere.toml"], 2, "neither in-force, starter"),
        ([*DATES, "--strategy", "as-of:never"], 2, "no moment"),
    ],
)
def test_what_cannot_be_asked_is_told(
    tallystick: Command, arguments: list[str], status: int, sentence: str
) -> None:
    done = tallystick("rules", "what-if", *arguments)

    assert (done.returncode, done.stdout) == (status, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_draft_with_an_unknown_field_is_told(tallystick: Command, tmp_path: Path) -> None:
    draft = tmp_path / "draft.toml"
    exported = tallystick("rules", "export").stdout
    draft.write_text(exported.replace("balance > 0 and cust_po_no", "ballance > 0 and cust_po_no"))

    asked = ("rules", "what-if", *DATES, "--known", "now", "--strategy", str(draft))
    done = tallystick(*asked)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Rule missing-po" in done.stderr
    assert "ballance" in done.stderr

    draft.write_text('[[rules]]\nrule_id = "odd"\ncolour = "red"\n')
    done = tallystick(*asked)
    assert (done.returncode, done.stdout) == (2, "")
    assert "rejected rules odd: It has no colour." in done.stderr
