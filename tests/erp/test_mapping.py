"""Mapping files: foreign exports read as the contract, and bad mappings told where they are bad."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from erp.mapped_file import MappingError
from erp.mapping import export_files
from runtime.database import Database
from runtime.tenants import Tenant
from tests.loading import aging, load, rejects

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "map-an-export.md"
ON = date(2026, 2, 10)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", HOW_TO.read_text(), flags=re.DOTALL)


def test_the_worked_example_of_the_how_to_does_what_it_says(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    (tmp_path / "Posten.csv").write_text(blocks("csv")[0])
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(blocks("toml")[0])

    synced = load(database, tenant, tmp_path, business_date=ON, mapping=mapping)

    told = json.loads(blocks("json")[0])
    assert rejects(synced) == [(told["file"], told["line"], told["column"], told["reason"])]
    assert aging(database, tenant, ON) == {("01", None, "1-30"): (Decimal(1190), 1)}
    assert (synced.outcome.read, synced.outcome.new) == (4, 3)


def test_the_query_of_the_how_to_makes_payments(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    (tmp_path / "ledger.txt").write_text(
        "doc|account|kind|booked|amount\n"
        "1|4711|R|01.02.2026|100.00\n"
        "2|4711|Z|03.02.2026|-60.00\n"
        "3|4711|Z|04.02.2026|-40.00\n"
    )
    mapping = tmp_path / "m.toml"
    mapping.write_text(blocks("toml")[1])

    synced = load(database, tenant, tmp_path, business_date=ON, mapping=mapping)

    assert rejects(synced) == []
    with database.connect("worker") as connection:
        found = connection.execute(
            "SELECT payment_id, cust_id, pmt_date, amount FROM read_models.payments"
            " WHERE tenant = %s ORDER BY payment_id",
            (tenant.id,),
        ).fetchall()
    assert found == [
        ("2", "4711", date(2026, 2, 3), Decimal("60.00")),
        ("3", "4711", date(2026, 2, 4), Decimal("40.00")),
    ]


def test_every_key_of_a_mapping_is_in_the_reference() -> None:
    from erp.mapped_file import FileMapping  # noqa: PLC0415

    text = HOW_TO.read_text()
    for field in FileMapping.__struct_fields__:
        assert f"| `{field}" in text


def test_a_row_of_a_query_is_rejected_with_the_line_it_came_from(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    (tmp_path / "l.csv").write_text(
        'id,day,sum\n"a\nb",2026-01-01,1\nc,2026-01-02,x1\nd,2026-01-03,3\n'
    )
    mapping = tmp_path / "m.toml"
    mapping.write_text("""
        [tables.l]
        file = "l.csv"
        [invoices]
        query = '''SELECT line, '1' AS company_id, id AS tran_id, 'K' AS cust_id, day AS tran_date,
                          sum AS amount FROM l ORDER BY line'''
    """)

    synced = load(database, tenant, tmp_path, business_date=ON, mapping=mapping)

    assert [(file, line, column) for file, line, column, _ in rejects(synced)] == [
        ("invoices.csv", 2, "tran_id"),
        ("invoices.csv", 4, "amount"),
    ]
    assert synced.outcome.new == 1


def test_what_cannot_be_read_of_a_table_is_rejected_once(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    (tmp_path / "l.csv").write_bytes(b"id,day\na,2026-01-01\n\xff,2026-01-01\nb,2026-01-01,extra\n")
    mapping = tmp_path / "m.toml"
    mapping.write_text("""
        [tables.l]
        file = "l.csv"
        [customers]
        query = "SELECT line, '1' AS company_id, id AS cust_id FROM l"
        [invoices]
        query = '''SELECT line, '1' AS company_id, id AS tran_id, id AS cust_id, day AS tran_date,
                          '5' AS amount FROM l'''
    """)

    synced = load(database, tenant, tmp_path, business_date=ON, mapping=mapping)

    assert rejects(synced) == [
        ("l.csv", 3, None, "Field 1 is not UTF-8 text."),
        ("l.csv", 4, None, "The row has 3 fields, the header 2."),
    ]
    assert aging(database, tenant, ON) == {("1", None, "31-60"): (Decimal(5), 1)}


GOOD = """[invoices]
file = "f.csv"
[invoices.columns]
company_id = "a"
tran_id = "b"
cust_id = "c"
tran_date = "d"
amount = "e"
"""


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("[invoices", "is no TOML"),
        ("invoices = 3", "is no TOML"),
        ("[bills]\nfile = 'f.csv'", "bills: there is no such file"),
        (GOOD.replace("f.csv", "g.csv"), "holds no file g.csv"),
        (GOOD.replace("[invoices.columns]", "sheet = 1\n[invoices.columns]"), "sheet"),
        (GOOD.replace('amount = "e"', ""), "the column amount is missing"),
        (GOOD.replace("tran_id", "number"), "invoices.columns.number: there is no such column"),
        (GOOD + '[invoices.constants]\namount = "1"', "columns has it, too"),
        (GOOD.replace("[invoices.columns]", "delimiter = ';;'\n[invoices.columns]"), "delimiter"),
        (GOOD.replace("[invoices.columns]", "encoding = 'x'\n[invoices.columns]"), "encoding x"),
        ("[tables.X]\nfile = 'f.csv'", "tables.X"),
        ("[payments]\nquery = 'SELEC'", "payments: the query cannot be run"),
        ("[payments]\nquery = 'SELECT 1 AS one'", "the query gives no column company_id"),
    ],
)
def test_a_bad_mapping_is_told_where_it_is_bad(tmp_path: Path, text: str, saying: str) -> None:
    (tmp_path / "f.csv").write_text("a,b,c,d,e\n")
    mapping = tmp_path / "m.toml"
    mapping.write_text(text)

    with pytest.raises(MappingError, match=re.escape(saying)):
        export_files(tmp_path, mapping)


def test_a_column_that_the_file_lacks_is_told_with_its_name(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    (tmp_path / "f.csv").write_text("a,b,c,d\n1,2,3,2026-01-01\n")
    mapping = tmp_path / "m.toml"
    mapping.write_text(GOOD)

    synced = load(database, tenant, tmp_path, business_date=ON, mapping=mapping)

    reason = "The header lacks the column e, which the mapping names."
    assert rejects(synced) == [("f.csv", 1, "e", reason)]
