"""Accounts whose parents lead back to them are not taken over in a sync (ACC-14)."""

from pathlib import Path

import pytest

from application.importing.parents import PARENTS_MAX
from runtime.database import Database
from runtime.tenants import Tenant
from tests.loading import rejects, write_csv
from tests.runtime.test_syncing import Export, counts

HEADER = "company_id,cust_id,parent_id"


@pytest.fixture
def export(database: Database, tenant: Tenant, tmp_path: Path) -> Export:
    return Export(database, tenant, tmp_path)


def parents(export: Export) -> dict[str, str | None]:
    return dict(export.rows("cust_id, parent_id", "accounts", "cust_id"))


def customers(export: Export, *rows: str) -> None:
    export.write("customers.csv", HEADER, *rows)


def test_two_accounts_are_not_each_others_parents(export: Export) -> None:
    customers(export, "1,A,B", "1,B,A", "2,A,B", "1,C,A")
    synced = export.load()
    reason = "The parents of account B lead back to it: B, A, B."
    assert rejects(synced) == [("customers.csv", 3, "parent_id", reason)]
    assert counts(synced) == (4, 3, 0, 0, 1)
    assert export.rows("company_id, cust_id, parent_id", "accounts", "1, 2") == [
        ("1", "A", "B"),
        ("1", "C", "A"),
        ("2", "A", "B"),
    ]


def test_three_accounts_are_not_in_a_circle(export: Export) -> None:
    customers(export, "1,A,B", "1,B,C", "1,C,A")
    reason = "The parents of account C lead back to it: C, A, B, C."
    assert rejects(export.load()) == [("customers.csv", 4, "parent_id", reason)]


def test_a_rejected_row_is_rejected_again_and_taken_once_it_is_right(export: Export) -> None:
    customers(export, "1,A,B", "1,B,A")
    first, again = export.load(), export.load()
    assert rejects(again) == rejects(first)
    assert again.outcome.events == 0
    customers(export, "1,A,B", "1,B,")
    assert rejects(export.load()) == []
    assert parents(export) == {"A": "B", "B": None}


def test_an_account_of_an_earlier_sync_closes_no_circle(export: Export) -> None:
    customers(export, "1,A,B", "1,B,C", "1,C,")
    assert rejects(export.load()) == []
    customers(export, "1,C,A")
    reason = "The parents of account C lead back to it: C, A, B, C."
    assert rejects(export.load()) == [("customers.csv", 2, "parent_id", reason)]
    customers(export, "1,C,B")
    reason = "The parents of account C lead back to it: C, B, C."
    assert rejects(export.load()) == [("customers.csv", 2, "parent_id", reason)]
    assert parents(export) == {"A": "B", "B": "C", "C": None}


@pytest.mark.parametrize(
    "rows", [("1,A,", "1,B,A"), ("1,B,A", "1,A,")], ids=["parent first", "child first"]
)
def test_parent_and_child_may_change_places_in_any_order(
    export: Export, rows: tuple[str, ...]
) -> None:
    customers(export, "1,A,B", "1,B,")
    export.load()
    customers(export, *rows)
    synced = export.load()
    assert rejects(synced) == []
    assert counts(synced) == (2, 0, 2, 0, 0)
    assert parents(export) == {"A": None, "B": "A"}
    assert export.load().outcome.events == 0


def test_a_chain_is_turned_around(export: Export) -> None:
    customers(export, "1,A,B", "1,B,C", "1,C,")
    export.load()
    customers(export, "1,C,B", "1,B,A", "1,A,")
    assert rejects(export.load()) == []
    assert parents(export) == {"A": None, "B": "A", "C": "B"}


def test_what_is_held_back_is_taken_before_documents_name_it(export: Export) -> None:
    customers(export, "1,A,B", "1,B,")
    export.load()
    customers(export, "1,B,A", "1,A,")
    export.write(
        "invoices.csv", "company_id,tran_id,cust_id,tran_date,amount", "1,I,B,2026-01-01,9"
    )
    synced = export.load()
    assert counts(synced) == (3, 1, 2, 0, 0)
    assert export.rows("cust_id, implied", "accounts", "1") == [("A", False), ("B", False)]


def test_a_parent_that_nobody_knows_may_be_named(export: Export) -> None:
    customers(export, "1,A,NOBODY", "1,B,A")
    assert rejects(export.load()) == []
    customers(export, "1,A,NOBODY", "1,B,A", "1,NOBODY,B")
    reason = "The parents of account NOBODY lead back to it: NOBODY, B, A, NOBODY."
    assert rejects(export.load()) == [("customers.csv", 4, "parent_id", reason)]


def test_a_chain_is_only_so_long(export: Export) -> None:
    chain = [f"1,C{n},C{n - 1}" for n in range(1, PARENTS_MAX + 2)]
    customers(export, *chain)
    reason = f"Account C{PARENTS_MAX + 1} has more than {PARENTS_MAX} parents above it."
    assert rejects(export.load()) == [("customers.csv", PARENTS_MAX + 2, "parent_id", reason)]
    customers(export, *chain[:-1], f"1,X,C{PARENTS_MAX}")
    reason = f"Account X has more than {PARENTS_MAX} parents above it."
    assert rejects(export.load()) == [("customers.csv", PARENTS_MAX + 2, "parent_id", reason)]


def test_the_column_is_told_as_the_file_names_it(
    export: Export, database: Database, tenant: Tenant
) -> None:
    from tests.loading import load  # noqa: PLC0415
    from tests.runtime.test_syncing import ON  # noqa: PLC0415

    write_csv(export.folder / "kunden.csv", "Firma,Kunde,Konzern", ["1,A,B", "1,B,A"])
    mapping = export.folder / "mapping.toml"
    mapping.write_text(
        '[customers]\nfile = "kunden.csv"\n[customers.columns]\n'
        'company_id = "Firma"\ncust_id = "Kunde"\nparent_id = "Konzern"\n'
    )
    synced = load(database, tenant, export.folder, business_date=ON, mapping=mapping)
    assert [(one.line, one.column) for one in synced.outcome.rejected] == [(3, "Konzern")]
