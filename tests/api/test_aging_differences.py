"""Two agings compared over HTTP: what changed, page by page, and what is refused."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.api_key import Role
from runtime.database import Database
from runtime.tenants import Tenant
from tests.api.conftest import TODAY, Client
from tests.loading import load, recorded_at, write_csv

AS_OF = TODAY.isoformat()
COMPARE = """query($before: AgingMoment!, $after: AgingMoment, $basis: AgingBasis,
        $by: AgingBy! = COMPANY, $companyId: String, $custId: String, $first: Int, $after_: String,
        $last: Int, $before_: String) {
    agingDifference(before: $before, after: $after, basis: $basis, by: $by,
        companyId: $companyId, custId: $custId) {
        before {asOf knownAt position} after {asOf knownAt position} basis equal
        groups {companyId custId currency
            buckets {label before {amount} after {amount} difference {amount}
                countBefore countAfter}
            total {difference {amount} countBefore countAfter}}
        documents(first: $first, after: $after_, last: $last, before: $before_) {
            totalCount pageInfo {hasNextPage hasPreviousPage startCursor endCursor}
            edges {cursor node {recordId}}
            nodes {kind companyId recordId stream balanceBefore balanceAfter eventCount
                buckets {custId label before after difference countBefore countAfter}
                events {position type effectiveOn actor effect}}}}}"""


@pytest.fixture
def before(worked: Tenant, database: Database, tmp_path: Path) -> str:
    """The moment before the ledger was corrected: I1 due earlier, of I2 a part is paid."""
    moment = recorded_at(database, worked).isoformat()
    write_csv(
        tmp_path / "invoices.csv",
        "company_id,tran_id,cust_id,tran_date,due_date,amount,balance,curr_id",
        [
            "1,I1,ACME,2026-01-01,2026-01-05,100.00,40.00,EUR",
            "1,I2,ACME,2026-02-01,2026-03-03,200.00,150.00,EUR",
        ],
    )
    (tmp_path / "payment_applications.csv").unlink()
    load(database, worked, tmp_path, business_date=TODAY)
    return moment


def compared(client: Client, before: str | None, **given: Any) -> dict[str, Any]:
    moments = {"before": {"asOf": AS_OF, "knownAt": before}, "after": {"asOf": AS_OF}}
    return client.ask(COMPARE, **{**moments, **given})["agingDifference"]


def test_documents_and_events_say_what_changed(admin: Client, before: str) -> None:
    told = compared(admin, before)

    assert (told["basis"], told["equal"]) == ("DUE", True)
    first, last = told["before"]["position"], told["after"]["position"]
    assert first < last
    (group,) = told["groups"]
    assert (group["companyId"], group["custId"], group["currency"]) == ("1", None, "EUR")
    changed = {
        one["label"]: one["difference"]["amount"]
        for one in group["buckets"]
        if one["difference"]["amount"] != "0.00"
    }
    assert changed == {"current": "-50.00", "1-30": "-40.00", "31-60": "40.00"}
    assert group["total"]["difference"]["amount"] == "-50.00"
    moved, paid = told["documents"]["nodes"]
    assert moved["buckets"] == [
        {
            "custId": "ACME",
            "label": label,
            "before": was,
            "after": now,
            "difference": difference,
            "countBefore": counted,
            "countAfter": 1 - counted,
        }
        for label, was, now, difference, counted in (
            ("1-30", "40.00", "0", "-40.00", 1),
            ("31-60", "0", "40.00", "40.00", 0),
        )
    ]
    assert (moved["recordId"], moved["balanceBefore"], moved["balanceAfter"]) == (
        "I1",
        "40.00",
        "40.00",
    )
    assert moved["events"][0]["type"] == "InvoiceAmended"
    assert sum(Decimal(one["effect"]) for one in moved["events"]) == 0
    assert (paid["recordId"], paid["balanceBefore"], paid["balanceAfter"]) == (
        "I2",
        "200.00",
        "150.00",
    )
    assert sum(Decimal(one["effect"]) for one in paid["events"]) == Decimal(-50)
    for one in (*moved["events"], *paid["events"]):
        assert first < one["position"] <= last


def test_changes_are_paged_those_that_moved_most_first(admin: Client, before: str) -> None:
    whole = compared(admin, before, by="ACCOUNT", companyId="1", custId="ACME")["documents"]
    assert [one["recordId"] for one in whole["nodes"]] == ["I1", "I2"]
    page = compared(admin, before, first=1)["documents"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (2, True)
    assert page["edges"][0]["cursor"] == page["pageInfo"]["endCursor"]
    rest = compared(admin, before, first=1, after_=page["pageInfo"]["endCursor"])["documents"]
    assert [one["recordId"] for one in rest["nodes"]] == ["I2"]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)
    last = compared(admin, before, last=1)["documents"]
    assert [one["recordId"] for one in last["nodes"]] == ["I2"]
    back = compared(admin, before, last=1, before_=last["pageInfo"]["startCursor"])["documents"]
    assert [one["recordId"] for one in back["nodes"]] == ["I1"]


def test_two_dates_are_compared_as_known_now(client: Client) -> None:
    told = compared(client, None, after={"asOf": "2026-03-20"}, basis="DUE")
    assert told["equal"]
    by_record = {one["recordId"]: one for one in told["documents"]["nodes"]}
    assert [(one["label"], one["difference"]) for one in by_record["I2"]["buckets"]] == [
        ("current", "-200.00"),
        ("1-30", "200.00"),
    ]
    assert by_record["I2"]["events"] == []
    assert compared(client, None)["documents"]["nodes"] == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"after": {"asOf": AS_OF, "knownAt": "2020-01-01T00:00:00Z"}}, "put them the other way"),
        ({"companyId": "a\x00"}, "is no id"),
        ({"after_": "nonsense"}, "no cursor"),
        ({"first": 1, "last": 1}, "not both"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    client: Client, given: dict[str, Any], message: str
) -> None:
    wanted = {"before": {"asOf": AS_OF}, **given}
    code, why = client.error(COMPARE, **wanted)
    assert code == "BAD_USER_INPUT"
    assert message in why


def test_only_who_may_read_the_log_may_ask(
    client_of: Callable[[Tenant, Role], Client], ledger: Tenant
) -> None:
    inquiry = client_of(ledger, Role.INQUIRY_USER)
    assert inquiry.error(COMPARE, before={"asOf": AS_OF})[0] == "FORBIDDEN"
    auditor = client_of(ledger, Role.AUDITOR)
    assert compared(auditor, None)["equal"]
