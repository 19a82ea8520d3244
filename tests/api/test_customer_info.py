"""What is shown of an account wherever it is in context: credit, history, payments, contacts."""

from pathlib import Path
from typing import Any

import pytest

from runtime.database import Database
from runtime.tenants import Tenant
from tests.api.conftest import TODAY, Client
from tests.loading import load, write_csv

AS_OF = TODAY.isoformat()


@pytest.fixture
def admin(admin: Client, database: Database, worked: Tenant, tmp_path: Path) -> Client:
    """An administrator of a ledger with documents that were paid in full."""
    folder = tmp_path / "paid"
    folder.mkdir()
    write_csv(
        folder / "invoices.csv",
        "company_id,tran_id,cust_id,tran_date,due_date,amount,balance,closing_tran_date,curr_id",
        [
            "1,P8,ACME,2026-01-01,2026-01-11,1000,0,2026-01-31,EUR",
            "1,P9,ACME,2026-01-01,2026-01-11,3000,0,2026-01-21,EUR",
            "1,P7,BETA,2026-01-01,2026-01-11,1000,0,2026-02-20,EUR",
            "2,P6,ACME,2026-01-01,2026-01-11,500,0,2026-01-11,USD",
        ],
    )
    write_csv(
        folder / "payments.csv",
        "company_id,payment_id,cust_id,pmt_date,amount,curr_id",
        ["1,P0,ACME,2026-02-11,5,EUR", "1,P9,ACME,2026-02-09,5,EUR"],
    )
    assert load(database, worked, folder, business_date=TODAY).outcome.rejected == []
    return admin


def do(client: Client, mutation: str, **given: Any) -> None:
    name = mutation[0].upper() + mutation[1:]
    query = f"mutation($input: {name}Input!) {{{mutation}(input: $input) {{userErrors {{code}}}}}}"
    assert client.ask(query, input=given)[mutation]["userErrors"] == []


def test_averages_of_a_list_of_accounts_are_made_of_its_documents(admin: Client) -> None:
    query = """query($on: Date!) {accounts(asOf: $on) {
        summary {homeCurrId count totalAge {amount} avgDaysLate avgDaysLateWeighted avgDaysLateDiff
            avgDaysCountTotal avgDaysSumTotal avgDaysAmtTotal {amount} avgDaysToPayTotal}
        nodes {companyId custId avgDaysLate avgDaysLateWeighted avgDaysLateDiff}}}"""
    told = admin.ask(query, on=AS_OF)["accounts"]
    averages = {
        f"{one['companyId']}/{one['custId']}": tuple(
            one[name] for name in ("avgDaysLate", "avgDaysLateWeighted", "avgDaysLateDiff")
        )
        for one in told["nodes"]
    }
    assert averages == {
        "1/ACME": ("15.00", "12.50", "2.50"),
        "1/BETA": ("40.00", "40.00", "0.00"),
        "1/GAMMA": (None, None, None),
        "2/ACME": ("0.00", "0.00", "0.00"),
    }
    euros, dollars = told["summary"]
    assert euros == {
        "homeCurrId": "EUR",
        "count": 3,
        "totalAge": {"amount": "920.00"},
        "avgDaysLate": "23.33",  # (20 + 10 + 40) / 3
        "avgDaysLateWeighted": "18.00",  # (20 * 1000 + 10 * 3000 + 40 * 1000) / 5000
        "avgDaysLateDiff": "5.33",
        "avgDaysCountTotal": 3,
        "avgDaysSumTotal": 70,
        "avgDaysAmtTotal": {"amount": "5000.00"},
        "avgDaysToPayTotal": "23.33",
    }
    assert (dollars["homeCurrId"], dollars["count"], dollars["avgDaysLate"]) == ("USD", 1, "0.00")


def test_an_account_shows_how_days_late_moved_over_six_months(admin: Client) -> None:
    query = """query($on: Date!) {account(companyId: "1", custId: "ACME", asOf: $on) {
        daysLateTrend {month documents avgDaysLate avgDaysLateWeighted}}}"""
    told = admin.ask(query, on=AS_OF)["account"]["daysLateTrend"]
    assert [one["month"] for one in told] == [
        f"{month}-01"
        for month in ("2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03")
    ]
    assert told[3] == {
        "month": "2026-01-01",
        "documents": 2,
        "avgDaysLate": "15.00",
        "avgDaysLateWeighted": "12.50",
    }
    assert [one["documents"] for one in told] == [0, 0, 0, 2, 0, 0]
    assert told[4]["avgDaysLate"] is None


def test_a_score_is_shown_in_the_colour_of_its_range(admin: Client) -> None:
    ranges = [
        {"low": "0", "high": "59", "color": "#d0021b", "name": "poor"},
        {"low": "60", "high": "100", "color": "#7ed321", "name": "good"},
    ]
    do(admin, "changeSiteOptions", creditBureaus=["One", "Two"], creditScoreRanges=ranges)
    acme = {"companyId": "1", "custId": "ACME"}
    do(admin, "rateCredit", **acme, creditScore="61", bureau1="700", bureau2="BB")
    query = """{accounts(filter: {companyId: {eq: "1"}, custId: {in: ["ACME", "BETA"]}}) {nodes {
        creditScore creditScoreSource creditScoreRange creditScoreColor
        bureau1 bureau2 bureau3}}}"""
    rated, unrated = admin.ask(query)["accounts"]["nodes"]
    assert rated == {
        "creditScore": "61",
        "creditScoreSource": "manual",
        "creditScoreRange": "good",
        "creditScoreColor": "#7ed321",
        "bureau1": "700",
        "bureau2": "BB",
        "bureau3": None,
    }
    assert set(unrated.values()) == {None}
    found = admin.ask('{accounts(filter: {creditScoreRange: {eq: "good"}}) {nodes {custId}}}')
    assert found["accounts"]["nodes"] == [{"custId": "ACME"}]


def test_payments_come_most_recent_first_and_open_invoices_oldest_first(admin: Client) -> None:
    local = {"cntctName": "Lara", "includeInAutomatedEmail": True, "idempotencyKey": "local"}
    do(admin, "addContact", companyId="1", custId="ACME", **local)
    told = admin.ask(
        """{account(companyId: "1", custId: "ACME") {
        payments {nodes {paymentId pmtDate}}
        invoices(filter: {balance: {gt: "0"}}) {nodes {tranId tranDate}}
        contacts {nodes {cntctName origin primary includeInAutomatedEmail}}}}"""
    )["account"]
    assert [one["paymentId"] for one in told["payments"]["nodes"]] == ["P0", "P1", "P9"]
    assert [one["tranId"] for one in told["invoices"]["nodes"]] == ["I1", "I2"]
    assert [tuple(one.values()) for one in told["contacts"]["nodes"]] == [
        ("Zoe", "ERP", True, False),
        ("Adam", "ERP", False, False),
        ("Lara", "LOCAL", False, True),
    ]
