"""Credit scores by a function of the site's own: computed, and recorded where they change."""

import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import domain.account
import runtime.credit_scores
from application.handling import Consulted
from domain.account_care import ACCOUNT_CARE, RateCredit
from domain.site_options import SiteOptions
from examples.credit_score import score
from projections.account_view import ACCOUNT_VIEW
from runtime.credit_scores import (
    AccountFigures,
    CreditScoreFailed,
    Scored,
    credit_score_function,
    score_accounts,
)
from runtime.database import Database
from runtime.settings import SettingsError
from runtime.tenants import Tenant
from tests.api.conftest import TODAY, write_ledger
from tests.loading import load
from tests.projections.ledger import request
from tests.projections.running import append, fold

ROOT = Path(__file__).parents[2]


@pytest.fixture
def scored(
    database: Database, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Tenant:
    """A tenant with the ledger, whose accounts are read a few at a time."""
    monkeypatch.setattr(runtime.credit_scores, "PAGE_ACCOUNTS", 2)
    write_ledger(tmp_path)
    load(database, tenant, tmp_path, business_date=TODAY)
    return tenant


def run(database: Database, tenant: Tenant, compute: Any, on: date = TODAY) -> Scored:
    return score_accounts(database, tenant, compute, SiteOptions(), on, actor="test")


def kept(database: Database, tenant: Tenant) -> dict[tuple[str, str], tuple[Any, ...]]:
    with database.connect("worker") as connection:
        found = connection.execute(
            "SELECT company_id, cust_id, credit_score, credit_score_source, credit_rated_on"
            " FROM read_models.account_care WHERE tenant = %s",
            (tenant.id,),
        )
        return {(company_id, cust_id): tuple(rest) for company_id, cust_id, *rest in found}


def test_scores_are_recorded_where_they_change(database: Database, scored: Tenant) -> None:
    def late(account: Any) -> str | None:
        return None if account.cust_id == "GAMMA" else f" {account.total_past_due:.0f} "

    first = run(database, scored, late)
    assert (first.accounts, first.changed, first.refused) == (4, 3, [])
    assert kept(database, scored) == {
        ("1", "ACME"): ("40", "computed", TODAY),
        ("1", "BETA"): ("180", "computed", TODAY),
        ("2", "ACME"): ("70", "computed", TODAY),
    }
    again = run(database, scored, late)
    assert (again.accounts, again.changed, again.position) == (4, 0, 0)
    later = date(2026, 3, 10)
    assert run(database, scored, late, later).changed == 1
    assert kept(database, scored)["1", "ACME"] == ("240", "computed", later)
    assert kept(database, scored)["1", "BETA"] == ("180", "computed", TODAY)
    assert run(database, scored, lambda _: None).changed == 3
    assert set(kept(database, scored).values()) == {(None, None, None)}


def test_a_score_that_was_typed_in_stands(database: Database, scored: Tenant) -> None:
    key = ("1", "ACME")
    facts = Consulted(domain.account.ACCOUNT, key, domain.account.facts)
    typed = request(ACCOUNT_CARE, key, RateCredit(TODAY, "AA"))
    append(database, scored, replace(typed, consults=(facts,)))
    fold(database, scored)
    assert run(database, scored, lambda _: "50").changed == 3
    assert kept(database, scored)[key] == ("AA", "manual", TODAY)


def test_a_score_that_cannot_be_is_told_of_its_account(database: Database, scored: Tenant) -> None:
    told = run(database, scored, lambda one: "x" * 51 if one.cust_id == "BETA" else "A")
    assert (told.changed, told.refused_count) == (3, 1)
    ((company_id, cust_id, reason),) = told.refused
    assert (company_id, cust_id) == ("1", "BETA")
    assert reason == "A credit score is plain text of at most 50 characters."


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda one: one.no_such_figure, "no_such_figure"),
        (lambda _: 7, "is no text but 7"),
    ],
)
def test_a_function_that_fails_is_told_with_the_account(
    database: Database, scored: Tenant, compute: Any, reason: str
) -> None:
    with pytest.raises(CreditScoreFailed, match=f"account ACME of company 1 .*{reason}"):
        run(database, scored, compute)
    assert kept(database, scored) == {}


def test_figures_are_the_fields_of_accounts() -> None:
    names = tuple(field.name for field in ACCOUNT_VIEW.fields)
    assert AccountFigures.__struct_fields__ == names


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        (None, "names no function"),
        ("examples.no_module:score", "No module named"),
        ("examples.credit_score:nothing", "has no function nothing"),
        ("examples.credit_score:GRADES", "has no function GRADES"),
    ],
)
def test_a_function_that_is_not_there_is_told(setting: str | None, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"TALLYSTICK_CREDIT_SCORE .*{reason}"):
        credit_score_function(setting)


@pytest.mark.parametrize(
    ("due_total", "past_due", "oldest", "expected"),
    [
        (0, 0, None, None),
        (100, 5, 30, "A"),
        (100, 6, 30, "B"),
        (100, 40, 180, "C"),
        (100, 41, 180, "D"),
        (100, 5, 181, "E"),
    ],
)
def test_the_example_grades_by_how_late_an_account_pays(
    due_total: int, past_due: int, oldest: int | None, expected: str | None
) -> None:
    figures = dict.fromkeys(AccountFigures.__struct_fields__) | {
        "due_total": Decimal(due_total),
        "total_past_due": Decimal(past_due),
        "oldest_tran_date_days": oldest,
    }
    assert score(AccountFigures(**figures)) == expected


def test_the_command_runs_the_function_of_the_setting(database: Database, scored: Tenant) -> None:
    assert database.server is not None
    environment = os.environ | {
        "TALLYSTICK_HOME": str(database.server.home),
        "TALLYSTICK_CREDIT_SCORE": "examples.credit_score:score",
    }
    command = ["credit-scores", "run", "--business-date", "2026-03-02", "--format", "json"]

    def told(**settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", "--tenant", scored.name, *command],
            env=environment | settings,
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
            timeout=120,
        )

    done = told()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "accounts": 4,
        "changed": 4,
        "refused": 0,
        "position": json.loads(done.stdout)["position"],
    }
    found = {key: row[0] for key, row in kept(database, scored).items()}
    assert found == {
        ("1", "ACME"): "B",
        ("1", "BETA"): "D",
        ("1", "GAMMA"): "A",
        ("2", "ACME"): "D",
    }
    wrong = told(TALLYSTICK_CREDIT_SCORE="")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("Error: TALLYSTICK_CREDIT_SCORE names no function")
