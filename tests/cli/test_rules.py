"""`tallystick rules`: strategies as files, and what tenants begin with."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from domain.strategy import parsed_strategy, starter_strategy
from runtime.database import Database
from runtime.tenants import Tenant
from tests.cli.test_contract import Command

GOOD = """
[[credit_classes]]
class_id = "GOLD"
name = "Gold"

[[action_codes]]
code = "CALL1"
priority = 30
issue_description = "First call"
communication_note = "Ask when it is paid."
activity_type = "Phone"

[[rules]]
class_id = "GOLD"
rule_id = "call"
seq_no = 10
name = "Call"
view = "invoice"
filter = "balance>100  and due_date_days>=8"
action_code = "CALL1"
"""
BAD = """
[[rules]]
class_id = "GOLD"
rule_id = "misspelt"
seq_no = 20
name = "Misspelt"
view = "invoice"
filter = "ballance > 100"
action_code = "CALL1"

[[rules]]
class_id = "LEAD"
rule_id = "classless"
seq_no = 20
name = "Classless"
view = "account"
filter = "total_age > 1000000"
action_code = "CALL1"

[[rules]]
class_id = "GOLD"
rule_id = "odd"
colour = "red"
"""


@pytest.fixture
def tallystick(database: Database, tenant: Tenant) -> Command:
    return Command(database, tenant)


def test_a_strategy_is_imported_exported_and_listed(tallystick: Command, tmp_path: Path) -> None:
    file = tmp_path / "strategy.toml"
    file.write_text(GOOD)
    assert tallystick("rules", "import", str(file)).stderr == "3 events\n"
    assert tallystick("rules", "import", str(file)).stderr == "0 events\n"  # told twice
    assert tallystick("projections", "check").returncode == 0
    assert tallystick.told("rules", "list") == [
        {
            "class": "GOLD",
            "seq": 10,
            "rule": "call",
            "name": "Call",
            "view": "invoice",
            "action": "CALL1",
            "filter": "balance > 100 and due_date_days >= 8",
        }
    ]
    exported = tallystick("rules", "export")
    expected = GOOD.replace(
        "balance>100  and due_date_days>=8", "balance > 100 and due_date_days >= 8"
    )
    assert exported.returncode == 0
    assert parsed_strategy(exported.stdout) == parsed_strategy(expected)
    file.write_text(exported.stdout)
    assert tallystick("rules", "import", str(file)).stderr == "0 events\n"


def test_what_is_wrong_in_a_strategy_is_told_and_the_rest_is_in_force(
    tallystick: Command, tmp_path: Path
) -> None:
    file = tmp_path / "strategy.toml"
    file.write_text(GOOD + BAD)
    done = tallystick("rules", "import", str(file))
    assert (done.returncode, done.stdout) == (1, "")
    events, odd, misspelt, classless = done.stderr.splitlines()
    assert events == "3 events"
    assert odd == "rejected rules odd: It has no colour."
    assert misspelt.startswith("rejected rules misspelt: filter: ")
    assert "ballance" in misspelt
    assert classless == "rejected rules classless: classId: There is no credit class LEAD."
    assert tallystick("projections", "check").returncode == 0
    assert [one["rule"] for one in tallystick.told("rules", "list")] == ["call"]


def test_an_import_attaches_no_documents_for_rules_about_accounts(
    tallystick: Command, tmp_path: Path
) -> None:
    """CODE-05, RULE-34."""
    of_accounts = GOOD.replace('"invoice"', '"account"').replace(
        "balance>100  and due_date_days>=8", "total_age > 1000"
    )
    attaching = 'activity_type = "Phone"\nemail_template = "notice"\nattach_invoices = true'
    file = tmp_path / "strategy.toml"
    file.write_text(of_accounts)
    assert tallystick("rules", "import", str(file)).stderr == "3 events\n"
    file.write_text(of_accounts.replace('activity_type = "Phone"', attaching))
    done = tallystick("rules", "import", str(file))
    assert (done.returncode, done.stdout) == (1, "")
    events, refused = done.stderr.splitlines()
    assert events == "0 events"
    assert refused.startswith("rejected action_codes CALL1: attachInvoices: Rules about accounts")


def test_a_rule_that_a_file_tells_twice_is_taken_once(tallystick: Command, tmp_path: Path) -> None:
    rule = GOOD[GOOD.index("[[rules]]") :]
    file = tmp_path / "strategy.toml"
    file.write_text(GOOD + rule.replace("balance>100", "balance > 500"))
    for events in ("3 events", "0 events"):
        done = tallystick("rules", "import", str(file))
        told = "rejected rules call: It is told already, further above."
        assert (done.returncode, done.stderr.splitlines()) == (1, [events, told])


@pytest.mark.parametrize("text", ["[[rules]", "rules = 3", "[[recipes]]\nname = 1"])
def test_a_file_that_holds_no_strategy_is_told(
    tallystick: Command, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "strategy.toml"
    file.write_text(text)
    done = tallystick("rules", "import", str(file))
    assert (done.returncode, done.stdout) == (1, "")
    assert "strategy.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_tenant_begins_with_the_starter_strategy(tallystick: Command, tmp_path: Path) -> None:
    """RULE-31: what a site changes of it stays changed."""
    name = f"rules-{uuid4().hex}"[:60]
    made = tallystick("tenant", "create", name)
    assert (made.returncode, made.stdout) == (0, "")
    assert tallystick("projections", "check", tenant=name).returncode == 0
    listed = tallystick("rules", "list", "--format", "json", tenant=name)
    starter = starter_strategy()
    in_order = sorted(starter.rules, key=lambda one: (one.standalone, one.seq_no))
    assert [one["rule"] for one in json.loads(listed.stdout)] == [one.rule_id for one in in_order]
    exported = tallystick("rules", "export", tenant=name).stdout
    found, problems = parsed_strategy(exported)
    assert problems == []
    assert found.credit_classes == starter.credit_classes
    assert sorted(one.code for one in found.action_codes) == sorted(
        one.code for one in starter.action_codes
    )

    file = tmp_path / "strategy.toml"
    file.write_text(exported.replace("total_past_due >= 50", "total_past_due >= 500"))
    assert tallystick("rules", "import", str(file), tenant=name).stderr == "3 events\n"
    assert tallystick("rules", "starter", tenant=name).stderr == "0 events\n"


def test_a_preview_is_delivered_once(tallystick: Command) -> None:
    """RULE-24: as a message to who runs the site."""
    run = ("rules", "run", "--business-date", "2026-03-03")
    assert tallystick(*run, "--deliver").returncode == 2
    first, again = (tallystick(*run, "--preview", "--deliver") for _ in range(2))

    assert (first.returncode, again.returncode) == (0, 0)
    told, repeated = first.stderr.splitlines()[-1], again.stderr.splitlines()[-1]
    assert told.startswith("Delivered as message ")
    assert repeated == f"Already in message {told.rpartition(' ')[2]}"
    assert tallystick("projections", "check").returncode == 0
