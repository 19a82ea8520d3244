"""Trails as files over HTTP: opened, compared with what the query tells, and recorded."""

import csv
import json
import tempfile
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from domain.api_key import Role
from runtime import spreadsheets
from runtime.tenants import Tenant
from runtime.trail_files import COLUMNS
from tests.api.conftest import Client
from tests.api.test_audit_trail import ACME, trail
from tests.api.test_personal_data_reads import reads
from tests.api.test_work import do


def get(client: Client, ending: str, **asked: Any) -> httpx.Response:
    return client.http.get(f"/audit-trail.{ending}", params=asked)


def test_a_trail_is_the_same_as_a_file_as_the_query_tells(admin: Client) -> None:
    told = trail(admin, of={"account": ACME})
    answers = {
        ending: get(admin, ending, of="account/1/ACME") for ending in ("xlsx", "csv", "json")
    }
    for answer in answers.values():
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert answers["xlsx"].headers["content-type"] == spreadsheets.MEDIA_TYPE
    disposition = answers["xlsx"].headers["content-disposition"]
    assert disposition.startswith('attachment; filename="Trail of account 1 ACME.xlsx"')

    events = answers["json"].json()
    table = list(csv.DictReader(StringIO(answers["csv"].text)))
    sheet = load_workbook(BytesIO(answers["xlsx"].content)).worksheets[0]
    _, *rows = sheet.iter_rows(values_only=True)
    names = [name for name, _ in COLUMNS]
    shown = [dict(zip(names, row, strict=True)) for row in rows]
    assert [one["position"] for one in events] == [one["position"] for one in told]
    for event, one, line, row in zip(events, told, table, shown, strict=True):
        assert event["changes"] == one["changes"]
        assert [cause["reference"] for cause in event["causes"]] == [
            cause["reference"] for cause in one["causes"]
        ]
        assert event["stream"] == one["stream"] == line["stream"] == row["stream"]
        assert json.loads(line["data"]) == event["data"] == json.loads(row["data"])
        assert line["changes"] == (row["changes"] or "")


def test_a_trail_is_narrowed(admin: Client) -> None:
    events = get(admin, "json", type=["InvoiceRegistered", "PaymentApplied"], category="invoice")
    assert {one["type"] for one in events.json()} == {"InvoiceRegistered", "PaymentApplied"}
    assert get(admin, "json", of="account/1/ACME", after="2999-01-01T00:00:00").json() == []
    assert get(admin, "json", of="account/1/ACME", effectiveFrom="2999-01-01").json() == []
    (first,) = get(admin, "json", toPosition=1).json()
    assert first["position"] == 1
    assert get(admin, "json", actor="nobody").json() == []


@pytest.mark.parametrize(
    ("ending", "asked", "status"),
    [
        ("pdf", {}, 404),
        ("csv", {"of": "account/1"}, 400),
        ("csv", {"of": "nothing/1"}, 400),
        ("csv", {"of": "issue/\x00"}, 400),
        ("csv", {"type": "\x00"}, 400),
        ("csv", {"after": "yesterday"}, 422),
    ],
)
def test_what_is_no_trail_is_refused(
    admin: Client, ending: str, asked: dict[str, str], status: int
) -> None:
    assert get(admin, ending, **asked).status_code == status


def test_who_may_take_a_trail_away(
    admin: Client, worked: Tenant, client_of: Callable[[Tenant, Role], Client]
) -> None:
    assert get(client_of(worked, Role.INQUIRY_USER), "csv").status_code == 403
    assert httpx.get(f"{admin.http.base_url}/audit-trail.csv").status_code == 401
    do(client_of(worked, Role.CREDIT_USER), "addPersonalContact", cntctName="Mum")
    personal = {"category": "personal_contact"}
    assert get(admin, "json", **personal).json() == []
    assert len(get(client_of(worked, Role.AUDITOR), "json", **personal).json()) == 1


def test_a_sheet_that_cannot_hold_it_is_refused_and_no_file_is_left(
    admin: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert get(admin, "xlsx").status_code == 200
    monkeypatch.setattr(spreadsheets, "ROWS_MAX", 3)
    answer = get(admin, "xlsx")
    assert answer.status_code == 413
    assert answer.json()["error"].startswith("A sheet holds 3 rows at most.")
    assert list(folder.iterdir()) == []


def test_taking_personal_data_away_is_reading_it(
    admin: Client, worked: Tenant, client_of: Callable[[Tenant, Role], Client]
) -> None:
    do(admin, "changeSiteOptions", recordReadsOf=["AUDITOR"])
    auditor = client_of(worked, Role.AUDITOR)
    assert get(auditor, "csv", of="invoice/1/I1").status_code == 200
    assert get(admin, "csv", of="account/1/ACME").status_code == 200
    assert reads(admin) == []
    answer = get(auditor, "csv", of="account/1/ACME")
    (one,) = reads(admin)
    assert one["requestId"] == answer.headers["x-request-id"]
    assert (one["operation"], one["fields"]) == ("/audit-trail.csv", ["audit_trail.data"])
    assert one["subjects"] == ["contact/1/ACME/1", "contact/1/ACME/2"]
