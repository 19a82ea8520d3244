"""The pages for auditors: as a browser shows them, and as files that are taken away."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright
from psycopg import Connection
from pypdf import PdfReader

import examples
from domain.api_key import Role
from runtime.audit_keys import audit_keys
from runtime.settings import Settings
from runtime.tenants import Tenant
from tests.api.conftest import Client, Server
from tests.api.test_personal_data_reads import reads

VERIFIER = Path(examples.__file__).parent / "verify_export.py"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Auditor:
    """Somebody who looks at pages with a key."""

    def __init__(self, server: Server, client: Client) -> None:
        self.client = client
        self.http = httpx.Client(base_url=server.url, auth=("auditor", client.key), timeout=60)

    def get(self, path: str, **asked: Any) -> httpx.Response:
        return self.http.get(path, params=asked or None)


@pytest.fixture
def auditor(
    server: Server, ledger: Tenant, client_of: Callable[[Tenant, Role], Client]
) -> Generator[Auditor]:
    made = Auditor(server, client_of(ledger, Role.AUDITOR))
    made.client.ask("mutation {signCheckpoint {position}}")
    yield made
    made.http.close()


@pytest.fixture
def page(server: Server, auditor: Auditor) -> Generator[Page]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium to show pages with")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(
            base_url=server.url,
            http_credentials={"username": "auditor", "password": auditor.client.key},
        )
        yield context.new_page()
        browser.close()


def is_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_an_auditor_finds_a_document_its_timeline_and_its_proof(page: Page) -> None:
    page.goto("/audit")
    is_accessible(page)
    page.get_by_label("Document, payment or account").fill("I1")
    page.get_by_role("button", name="Search").click()
    is_accessible(page)
    page.get_by_role("link", name="I1", exact=True).first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "Invoice 1/I1"
    is_accessible(page)
    told = page.locator(".timeline > li", has_text="InvoiceRegistered").inner_text()
    assert told.startswith("InvoiceRegistered invoice/1/I1, 1")
    assert "✓ Proven" in told
    assert page.locator(".torn").count() == 0
    with page.expect_download() as taken:
        page.get_by_role("link", name="PDF").click()
    assert taken.value.suggested_filename == "evidence invoice 1 I1.pdf"


def test_an_auditor_compares_two_agings(page: Page) -> None:
    page.goto("/audit")
    page.get_by_label("As of").first.fill("2026-01-15")
    page.get_by_label("As of").last.fill("2026-03-02")
    page.get_by_role("button", name="Compare").click()
    assert "2026-01-15 as known now to 2026-03-02" in page.locator("main").inner_text()
    assert page.get_by_text("NO", exact=True).count() == 0
    assert page.locator(".total").count() >= 1
    is_accessible(page)


def test_whoever_takes_the_evidence_away_checks_it_without_us(
    auditor: Auditor, settings: Settings, tmp_path: Path
) -> None:
    pack = auditor.get("/audit/evidence/json/invoice/1/I1").json()
    assert pack["complete"]
    assert "InvoiceRegistered" in {one["type"] for one in pack["events"]}
    count, key = len(pack["events"]), str(audit_keys(settings).verifiers[-1])
    first = pack["events"][0]
    position = first["position"]

    def checked(told: dict[str, Any], *further: str) -> tuple[int, str]:
        path = tmp_path / "evidence.json"
        path.write_text(json.dumps(told))
        given = [sys.executable, "-I", str(VERIFIER), str(path), "--key", key, *further]
        done = subprocess.run(given, capture_output=True, text=True, cwd=tmp_path, check=False)
        return done.returncode, done.stdout.strip()

    code, told = checked(pack)
    assert (code, told[: told.index(" are")]) == (0, f"{count} events of invoice 1/I1")
    assert checked(pack, "--checkpoint", "kept.txt")[0] == 2
    sealed = f"Position {position}: it is not the event that was sealed."
    otherwise = f"Position {position}: it is told otherwise than its line has it."
    for changed, reason in (
        ({"actor": "nobody"}, otherwise),
        ({"data": {}}, otherwise),
        ({"position": position + 1, "line": _moved(first["line"])}, None),
        ({"actor": "nobody", "line": first["line"].replace(first["actor"], "nobody")}, sealed),
        ({"hashes": first["hashes"][1:]}, sealed),
        ({"hashes": [*first["hashes"], first["hashes"][0]]}, sealed),
        ({"line": None, "hashes": []}, f"Position {position}: it has no proof."),
    ):
        code, told = checked(pack | {"events": [first | changed, *pack["events"][1:]]})
        assert code == 1
        assert told == (reason or sealed.replace(str(position), str(position + 1)))
    assert checked(pack | {"checkpoint": None})[1].startswith("The pack has no checkpoint")


def _moved(line: str) -> str:
    told = json.loads(line)
    return json.dumps(told | {"position": told["position"] + 1})


def test_the_evidence_is_printed(auditor: Auditor) -> None:
    answer = auditor.get("/audit/evidence/pdf/account/1/ACME")
    assert answer.headers["content-type"] == "application/pdf"
    text = "\n".join(one.extract_text() for one in PdfReader(BytesIO(answer.content)).pages)
    assert "Evidence: account 1/ACME" in text
    assert "account/1/ACME" in text
    assert "✓ proven" in text


def test_an_event_that_was_changed_is_shown_as_not_proven(
    auditor: Auditor, owner: Connection[Any], ledger: Tenant
) -> None:
    owner.execute("ALTER TABLE events DISABLE TRIGGER events_are_append_only")
    changed = (ledger.id, "account/1/GAMMA")
    statement = "UPDATE events SET actor = %s WHERE tenant = %s AND stream = %s"
    before = owner.execute(
        "SELECT actor FROM events WHERE tenant = %s AND stream = %s", changed
    ).fetchone()
    assert before is not None
    try:
        owner.execute(statement, ("somebody", *changed))
        answer = auditor.get("/audit/of/account/1/GAMMA")
        assert "NOT PROVEN" in answer.text
    finally:
        owner.execute(statement, (before[0], *changed))
        owner.execute("ALTER TABLE events ENABLE ALWAYS TRIGGER events_are_append_only")


def test_what_is_written_in_names_is_text_and_nothing_else(auditor: Auditor) -> None:
    answer = auditor.get("/audit/search", q="<script>alert(1)</script>")
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")


def test_an_account_is_found_by_its_name(auditor: Auditor) -> None:
    assert "/audit/of/account/1/ACME" in auditor.get("/audit/search", q="acme c").text
    assert "Nothing has a number" in auditor.get("/audit/search", q="nothing such").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/audit/of/invoice/1/NONE", 404),
        ("/audit/of/invoice/1", 400),
        ("/audit/of/nothing/1", 400),
        ("/audit/evidence/doc/invoice/1/I1", 400),
        ("/audit/aging?from=yesterday", 400),
        ("/audit/aging?fromKnownAt=then", 400),
        ("/audit/aging?toKnownAt=2020-01-01T00:00:00", 400),
        ("/audit/search?q=%00", 400),
    ],
)
def test_what_cannot_be_shown_is_told_so(auditor: Auditor, path: str, status: int) -> None:
    answer = auditor.get(path)
    assert answer.status_code == status
    assert "<h1>Not shown</h1>" in answer.text


def test_nobody_is_let_in_without_a_key(server: Server, ledger: Tenant) -> None:
    for auth in (None, ("auditor", "wrong")):
        answer = httpx.get(f"{server.url}/audit", auth=auth)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
    answer = httpx.get(f"{server.url}/audit", headers={"Authorization": "Basic ***"})
    assert answer.status_code == 401


def test_inquiry_users_may_not_look(
    server: Server, ledger: Tenant, client_of: Callable[[Tenant, Role], Client]
) -> None:
    inquirer = Auditor(server, client_of(ledger, Role.INQUIRY_USER))
    assert inquirer.get("/audit").status_code == 403
    inquirer.http.close()


def test_what_a_page_tells_of_persons_is_recorded(
    server: Server, worked: Tenant, client_of: Callable[[Tenant, Role], Client]
) -> None:
    office = client_of(worked, Role.ADMIN)
    office.ask("""mutation {changeSiteOptions(input: {recordReadsOf: [AUDITOR]}) {position}}""")
    looking = Auditor(server, client_of(worked, Role.AUDITOR))
    assert looking.get("/audit/of/account/1/ACME").status_code == 200
    looking.http.close()
    (read, *_) = reads(office)
    assert (read["role"], read["operation"]) == ("auditor", "/audit/of/account/1/ACME")
    assert read["fields"] == ["audit_trail.data"]
