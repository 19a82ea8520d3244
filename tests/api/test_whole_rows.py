"""Every column of the CSV contract, from the file to GraphQL."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from domain.api_key import Role
from domain.shared.text import camel
from erp.documents import KINDS, Kind, amount, boolean, iso_date
from runtime.database import Database
from runtime.tenants import Tenant, create_tenant
from tests.api.conftest import Client
from tests.loading import load, write_csv

ON = date(2026, 3, 2)

KEYS = {
    "company_id": "1",
    "cust_id": "CHILD",
    "cntct_id": "C",
    "sper_id": "S",
    "order_id": "O",
    "tran_id": "I",
    "payment_id": "P",
    "line_no": "1",
    "parent_id": "PARENT",
    "sold_to_id": "CHILD",
}
"""What rows name themselves and each other by."""

SAID = {
    "companies": {"home_currency": "EUR", "time_zone": "Europe/Rome"},
    "invoices": {
        "cust_id": "PARENT",
        "tran_date": "2026-01-02",
        "due_date": "2026-02-01",
        "post_date": "2026-01-03",
        "amount": "120.00",
        "balance": "80.00",
        "amount_hc": "90.00",
        "balance_hc": "60.00",
        "curr_id": "USD",
        "closing_tran_date": "",
    },
    "payments": {
        "cust_id": "PARENT",
        "curr_id": "USD",
        "amount": "50.00",
        "unapplied_amt": "10.00",
    },
    "payment_applications": {"amount": "40.00", "applied_date": "2026-02-10"},
    "sales_orders": {"curr_id": "USD"},
}
"""What some rows say that has to fit together; the others say what nobody else does."""

NAMED = {"home_currency": "homeCurrId", "unapplied_amt_hc": ""}
"""Columns under another name in GraphQL, or behind a figure that is made of them."""

LISTS = {
    "companies": "{companies {nodes {%s}}}",
    "customers": '{accounts(filter: {custId: {eq: "CHILD"}}) {nodes {%s}}}',
    "contacts": "{contacts {nodes {%s}}}",
    "sales_persons": "{salesPersons {nodes {%s}}}",
    "sales_orders": "{salesOrders {nodes {%s}}}",
    "invoices": "{invoices {nodes {%s}}}",
    "invoice_lines": "{invoiceLines {nodes {%s}}}",
    "payments": "{payments {nodes {%s}}}",
    "payment_applications": "{payments {nodes {applications {nodes {%s}}}}}",
}


def row(kind: Kind) -> dict[str, str]:
    """A row that says something in every column: no two say the same."""
    told: dict[str, str] = {}
    for place, column in enumerate(kind.columns):
        if column.name in KEYS:
            value = KEYS[column.name]
        elif column.parse is iso_date:
            value = f"2025-12-{place:02}"
        elif column.parse is amount:
            value = f"{place}.50"
        elif column.parse is boolean:
            value = "true"
        else:
            value = f"{kind.name} {column.name}"
        told[column.name] = value
    return told | SAID.get(kind.name, {})


ROWS: Mapping[str, dict[str, str]] = {kind.name: row(kind) for kind in KINDS}


@pytest.fixture(scope="module")
def reader(
    database: Database,
    client_of: Callable[[Tenant, Role], Client],
    tmp_path_factory: pytest.TempPathFactory,
) -> Client:
    """Who reads a ledger of one row a file."""
    folder = tmp_path_factory.mktemp("whole")
    for name, told in ROWS.items():
        write_csv(folder / f"{name}.csv", ",".join(told), [",".join(told.values())])
    tenant = create_tenant(database, f"whole-{uuid4().hex}")
    assert load(database, tenant, folder, business_date=ON).outcome.rejected == []
    return client_of(tenant, Role.ADMIN)


def as_told(kind: Kind, name: str, value: str) -> Any:
    """What GraphQL tells for the text of a column."""
    parse = {column.name: column.parse for column in kind.columns}[name]
    if parse is amount:
        return value if name == "quantity" else {"amount": value}
    return {"true": True, "": None}.get(value, value)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_what_a_file_says_in_every_column_is_told(reader: Client, kind: Kind) -> None:
    names = {name: NAMED.get(name, camel(name)) for name in ROWS[kind.name]}
    expected = {
        names[name]: as_told(kind, name, value)
        for name, value in ROWS[kind.name].items()
        if names[name]
    }
    wanted = " ".join(
        f"{name} {{amount}}" if isinstance(value, dict) else name
        for name, value in expected.items()
    )
    (nodes,) = reader.ask(LISTS[kind.name] % wanted).values()
    (found,) = nodes["nodes"]
    if "applications" in found:
        (found,) = found["applications"]["nodes"]
    assert found == expected


def test_an_invoice_shows_who_pays_and_who_bought(reader: Client) -> None:
    query = """{invoice(companyId: "1", tranId: "I") {
        account {custId children {nodes {custId}}} soldTo {custId parent {custId}}}}"""
    assert reader.ask(query)["invoice"] == {
        "account": {"custId": "PARENT", "children": {"nodes": [{"custId": "CHILD"}]}},
        "soldTo": {"custId": "CHILD", "parent": {"custId": "PARENT"}},
    }
