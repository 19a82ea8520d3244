"""`tallystick audit trail` and `audit export` of one subject: files, opened and compared."""

import csv
import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

import examples
from runtime.audit_keys import audit_keys
from runtime.database import Database
from runtime.settings import Settings
from runtime.tenants import Tenant
from runtime.trail_files import COLUMNS
from tests.cli.test_contract import Command
from tests.runtime.rules import Site, rule

LATE = rule("late", "balance > 0 AND due_date_days > 0")
VERIFIER = Path(examples.__file__).parent / "verify_export.py"

ACME = {
    "account/1/ACME",
    "account_care/1/ACME",
    "dispute/D-I1",
    "invoice/1/I1",
    "invoice/1/I2",
}


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    """Two accounts with late documents, one of which is disputed."""
    folder = tmp_path / "erp"
    folder.mkdir()
    site = Site(database, tenant, folder)
    site.document("I1")
    site.document("I2")
    site.document("I3", "BETA")
    site.sync(date(2026, 3, 9))
    site.dispute("I1", "40.00", 1)
    return site


@pytest.fixture
def tallystick(site: Site) -> Command:
    return Command(site.database, site.tenant)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def verified(folder: Path, settings: Settings) -> subprocess.CompletedProcess[str]:
    key = str(audit_keys(settings).verifiers[-1])
    return subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(folder), "--key", key],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )


def test_what_is_about_an_account_is_exported_and_an_outsider_can_verify_it(
    tallystick: Command, tmp_path: Path, settings: Settings
) -> None:
    folder = tmp_path / "evidence"
    (told,) = tallystick.told("audit", "export", str(folder), "--account", "ACME")
    events = lines(folder)
    assert {one["stream"] for one in events} == ACME
    assert told["events"] == len(events)
    about = json.loads((folder / "export.json").read_text())
    assert about["selection"] == "events about account 1/ACME"
    assert about["subject"] == {"kind": "account", "key": ["1", "ACME"]}
    done = verified(folder, settings)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith(f"{len(events)} events are what was sealed")
    text = (folder / "events.jsonl").read_text()
    (folder / "events.jsonl").write_text(text.replace('"40.00"', '"41.00"'))
    assert verified(folder, settings).returncode == 1


@pytest.mark.parametrize(
    ("options", "streams"),
    [
        (("--invoice", "I1"), {"invoice/1/I1", "dispute/D-I1"}),
        (("--invoice", "I3", "--company", "1"), {"invoice/1/I3"}),
        (("--dispute", "D-I1"), {"dispute/D-I1"}),
        (("--user", "dana"), {"user/dana"}),
        (("--credit-class", "A"), {"credit_class/A"}),
        (("--company", "1"), {"company/1"}),
    ],
)
def test_other_subjects_are_exported_alike(
    tallystick: Command,
    tmp_path: Path,
    settings: Settings,
    options: tuple[str, ...],
    streams: set[str],
) -> None:
    folder = tmp_path / "evidence"
    tallystick.told("audit", "export", str(folder), *options)
    assert {one["stream"] for one in lines(folder)} == streams
    assert verified(folder, settings).returncode == 0


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--account", "NOBODY"), 1, "There is no account NOBODY."),
        (("--account", "A", "--invoice", "I"), 2, "Name one subject."),
        (("--rule", "late"), 2, "--rule needs --credit-class."),
        (("--contact", "1", "--account", "ACME"), 2, "--contact needs --company."),
        (("--user", "dana", "--company", "1"), 2, "--company says nothing of --user."),
        (("--user", "dana", "--stream", "a/1"), 2, "Name streams, a period or a subject."),
    ],
)
def test_a_subject_that_is_none_is_refused(
    tallystick: Command, tmp_path: Path, options: tuple[str, ...], code: int, told: str
) -> None:
    done = tallystick("audit", "export", str(tmp_path / "evidence"), *options)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert not (tmp_path / "evidence").exists()


def test_a_trail_is_the_same_in_every_file(tallystick: Command, site: Site, tmp_path: Path) -> None:
    site.define(LATE)
    site.run(date(2026, 3, 9))
    files = {name: tmp_path / f"trail.{name}" for name in ("xlsx", "csv", "json")}
    done = tallystick(
        "audit", "trail", "--account", "ACME", *(f"--{name}={path}" for name, path in files.items())
    )
    assert done.returncode == 0, done.stderr
    events = json.loads(files["json"].read_text())
    with files["csv"].open(newline="") as file:
        table = list(csv.DictReader(file))
    (sheet,) = load_workbook(files["xlsx"]).worksheets
    header, *rows = sheet.iter_rows(values_only=True)

    assert sheet.title == "Trail of account 1 ACME"
    assert list(header) == [column.caption for _, column in COLUMNS]
    names = [name for name, _ in COLUMNS]
    shown = [dict(zip(names, row, strict=True)) for row in rows]
    for name in ("position", "stream", "type", "actor", "correlation"):
        told = [str(one[name]) for one in events]
        assert [one[name] for one in table] == told
        assert [str(one[name]) for one in shown] == told
    assert [json.loads(one["data"]) for one in table] == [one["data"] for one in events]
    assert [one["changes"] or None for one in table] == [one["changes"] for one in shown]
    dispute = next(one for one in shown if one["type"] == "DisputeOpened")
    assert "amount: nothing → 40.00" in dispute["changes"]
    assert {one["stream"] for one in events} > ACME
    activity = next(one for one in events if one["category"] == "activity")
    assert activity["causes"][0]["reference"] == "rule_run/A/2026-03-09"


def test_a_trail_can_be_narrowed(tallystick: Command) -> None:
    opened = tallystick.told("audit", "trail", "--invoice", "I1", "--type", "DisputeOpened")
    assert [one["stream"] for one in opened] == ["dispute/D-I1"]
    position = str(opened[0]["position"])
    by_place = tallystick.told(
        "audit", "trail", "--from-position", position, "--to-position", position
    )
    assert by_place == opened
    category = tallystick.told("audit", "trail", "--account", "ACME", "--category", "invoice")
    assert {one["category"] for one in category} == {"invoice"}
    assert tallystick.told("audit", "trail", "--after", "2999-01-01") == []
    none = tallystick.told("audit", "trail", "--effective-until", "2000-01-01")
    assert none == []
    shown = tallystick("audit", "trail", "--user", "dana")
    assert "UserRegistered" in shown.stdout
