"""Mapping files: foreign exports read as the contract, and bad mappings told where they are bad."""

import json
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from erp.formats import FileFormat
from erp.mapped_file import FileMapping
from erp.mapping import MappingError, export_files
from erp.query_source import QueryMapping, TableMapping
from runtime.database import Database
from runtime.syncing import Synced
from runtime.tenants import Tenant
from tests.loading import aging, load, rejects

ROOT = Path(__file__).parents[2]
HOW_TO = (ROOT / "docs" / "how-to" / "map-an-export.md").read_text()
ON = date(2026, 2, 10)
D = Decimal


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", HOW_TO, flags=re.DOTALL)


class Export:
    """A folder with a mapping, loaded into a tenant."""

    def __init__(self, database: Database, tenant: Tenant, folder: Path) -> None:
        self.database = database
        self.tenant = tenant
        self.folder = folder

    def write(self, file: str, content: str | bytes) -> None:
        encoded = content if isinstance(content, bytes) else content.encode()
        (self.folder / file).write_bytes(encoded)

    def load(self, mapping: str) -> Synced:
        path = self.folder / "m.toml"
        path.write_text(mapping, encoding="utf-8")
        return load(self.database, self.tenant, self.folder, business_date=ON, mapping=path)

    def rows(self, columns: str, table: str) -> list[tuple[Any, ...]]:
        with self.database.connect("worker") as connection:
            query = f"SELECT {columns} FROM read_models.{table} WHERE tenant = %s ORDER BY 1"
            return connection.execute(query.encode(), (self.tenant.id,)).fetchall()


@pytest.fixture
def export(database: Database, tenant: Tenant, tmp_path: Path) -> Export:
    return Export(database, tenant, tmp_path)


def test_the_worked_example_of_the_how_to_does_what_it_says(export: Export) -> None:
    export.write("Posten.csv", blocks("csv")[0])

    synced = export.load(blocks("toml")[0])

    told = json.loads(blocks("json")[0])
    assert rejects(synced) == [(told["file"], told["line"], told["column"], told["reason"])]
    assert export.rows("tran_id, type, due_date, amount, balance, curr_id", "invoices") == [
        ("G-2001", "CM", None, D(-119), D(-119), "EUR"),
        ("R-1001", "IN", date(2026, 2, 2), D(1190), D(1190), "EUR"),
        ("R-1002", "IN", date(2026, 2, 4), D(595), D(0), "EUR"),
    ]
    assert aging(export.database, export.tenant, ON) == {("01", None, "1-30"): (D(1190), 1)}
    again = export.load(blocks("toml")[0])
    assert (again.outcome.events, again.outcome.unchanged) == (0, 3)


def test_the_files_of_the_how_to_that_stand_for_one_are_read_one_after_the_other(
    export: Export,
) -> None:
    export.write(
        "invoices-2026.txt",
        "No\tCo\tState\tCustomer\tDate\tDue\tTotal\n"
        'I1\t1\topen\tThe "K"\t01/09/2026\t2026-02-08\t100.00\n'
        "I2\t1\tvoid\tK\t01/09/2026\t2026-02-08\t1.00\n"
        "I3\t1\topen\tK\t2026-01-09\t2026-02-08\t1.00\n",
    )
    export.write(
        "credit-notes.csv",
        "Co,Note,Customer,Date,Total\n1,C1,K,2026-01-10,-30\n1,C2,K,2026-01-10,30\n"
        "1,I1,K,2026-01-10,-5\n",
    )

    synced = export.load(blocks("toml")[1])

    assert rejects(synced) == [
        (
            "invoices-2026.txt",
            4,
            "Date",
            "Date '2026-01-09' is no date; dates are written %m/%d/%Y.",
        ),
        ("credit-notes.csv", 4, None, "A row with the key 1, I1 came before."),
        ("credit-notes.csv", 3, "Total", "A credit memo (CM) carries a negative amount."),
    ]
    assert export.rows("tran_id, cust_id, type, tran_date, amount", "invoices") == [
        ("C1", "K", "CM", date(2026, 1, 10), D(-30)),
        ("I1", 'The "K"', "IN", date(2026, 1, 9), D(100)),
    ]
    again = export.load(blocks("toml")[1])
    assert (again.outcome.events, again.outcome.unchanged, again.vanished) == (0, 2, [])


def test_the_query_of_the_how_to_makes_payments(export: Export) -> None:
    export.write("ledger.txt", blocks("csv")[1])

    synced = export.load(blocks("toml")[2])

    reason = "amount 'forty' is no amount; amounts are written like -1.234,56."
    assert rejects(synced) == [("ledger.txt", 4, "amount", reason)]
    assert export.rows("payment_id, cust_id, pmt_date, amount", "payments") == [
        ("2", "4711", date(2026, 2, 3), D(60)),
        ("4", "4711", date(2026, 2, 5), D(40)),
    ]


@pytest.mark.parametrize("table", [FileFormat, FileMapping, TableMapping, QueryMapping])
def test_every_key_of_a_mapping_is_in_the_reference(table: type[FileFormat]) -> None:
    told = set(re.findall(r"^\| `(\w+)`", HOW_TO, re.MULTILINE))
    assert set(table.__struct_fields__) <= told


def test_an_export_of_the_contract_costs_no_engine_and_a_mapping_of_names_neither() -> None:
    program = (
        "import sys, erp.mapping as m, pathlib, tempfile\n"
        "f = pathlib.Path(tempfile.mkdtemp())\n"
        "(f / 'c.csv').write_text('a,b\\n1,2\\n')\n"
        't = \'[customers]\\nfile="c.csv"\\ncolumns={company_id="a",cust_id="b"}\'\n'
        "(f / 'm.toml').write_text(t)\n"
        "[source] = m.export_files(f, f / 'm.toml')\n"
        "assert [list(page.values([0])) for page in source.pages() if page.lines]\n"
        "print('duckdb' in sys.modules)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout == "False\n"


def test_a_row_of_a_query_is_rejected_with_the_line_it_came_from(export: Export) -> None:
    export.write("l.csv", 'id,day,sum\n"a\nb",2026-01-01,1\nc,2026-01-02,x1\nd,2026-01-03,3\n')

    synced = export.load("""
        [tables.l]
        file = "l.csv"
        [invoices]
        query = '''SELECT line, '1' AS company_id, id AS tran_id, 'K' AS cust_id, day AS tran_date,
                          sum AS amount FROM l ORDER BY line'''
    """)

    assert rejects(synced) == [
        ("l.csv", 2, "tran_id", "tran_id holds a control character."),
        ("l.csv", 4, "amount", "amount 'x1' is no amount; amounts are written like -1234.56."),
    ]
    assert synced.outcome.new == 1


def test_a_row_of_a_query_that_tells_no_line_is_rejected_with_the_query_s(export: Export) -> None:
    synced = export.load(
        """# Two companies, one of them in a currency that does not exist.

[companies]
query = '''VALUES ('1', 'EUR'), ('2', 'EURO')'''
""".replace("VALUES", "SELECT company_id, home_currency FROM (VALUES").replace(
            "'EURO')", "'EURO')) AS told(company_id, home_currency)"
        )
    )

    reason = "home_currency 'EURO' is no currency."
    assert rejects(synced) == [("m.toml", 3, "home_currency", reason)]
    assert export.rows("company_id", "companies") == [("1",)]


def test_a_query_over_several_tables_says_whose_lines_it_tells(export: Export) -> None:
    export.write("heads.csv", "no,who\n7,K\n8,L\n")
    export.write("items.csv", "head,day,sum\n7,2026-01-01,1.5\n7,2026-01-01,2\n9,2026-01-01,4\n")
    mapping = """
        [tables.heads]
        file = "heads.csv"
        [tables.items]
        file = "items.csv"
        amounts = ["sum"]
        [invoices]
        lines_of = "items"
        query = '''SELECT min(items.line) AS line, '1' AS company_id, head AS tran_id,
                          who AS cust_id, day AS tran_date, sum(sum) AS amount
                   FROM items LEFT JOIN heads ON no = head GROUP BY ALL ORDER BY line'''
    """

    synced = export.load(mapping)

    assert rejects(synced) == [("items.csv", 4, "cust_id", "cust_id is missing.")]
    assert export.rows("tran_id, cust_id, amount", "invoices") == [("7", "K", D("3.5"))]
    with pytest.raises(MappingError, match=r"m.toml, invoices: .* lines_of must name the one"):
        export.load(mapping.replace('lines_of = "items"', ""))
    with pytest.raises(MappingError, match="lines_of: there is no table item"):
        export.load(mapping.replace('lines_of = "items"', 'lines_of = "item"'))


def test_what_cannot_be_read_of_a_table_is_rejected_once(export: Export) -> None:
    export.write(
        "l.csv",
        b"id,day,Id,line\na,2026-01-01,,\n\xff,2026-01-01,,\nb,2026-01-01,,,extra\n"
        b"c,31/02,,\nd,n/a,x,y\n",
    )

    synced = export.load("""
        [tables.l]
        file = "l.csv"
        dates = { day = "%Y-%m-%d" }
        unknown = ["n/a"]
        [customers]
        query = "SELECT line, '1' AS company_id, id AS cust_id, Id_2 AS udf1, line_2 AS udf2 FROM l"
        [invoices]
        query = '''SELECT line, '1' AS company_id, id AS tran_id, id AS cust_id,
                          coalesce(day, '2026-01-05') AS tran_date, 5 AS amount FROM l'''
    """)

    assert rejects(synced) == [
        ("l.csv", 3, None, "Field 1 is not UTF-8 text."),
        ("l.csv", 4, None, "The row has 5 fields, the header 4."),
        ("l.csv", 5, "day", "day '31/02' is no date; dates are written YYYY-MM-DD."),
    ]
    assert export.rows("cust_id, udf1, udf2", "accounts") == [("a", None, None), ("d", "x", "y")]
    assert aging(export.database, export.tenant, ON) == {("1", None, "31-60"): (D(10), 2)}


def test_a_query_sees_no_other_file_than_those_of_its_mapping(export: Export) -> None:
    export.write("l.csv", "id\n1\n")
    secret = export.folder / "secret.csv"
    secret.write_text("id\n2\n")
    mapping = """
        [tables.l]
        file = "l.csv"
        [customers]
        query = "SELECT 1 AS line, '1' AS company_id, id AS cust_id FROM l, read_csv('{}')"
    """
    with pytest.raises(MappingError, match="disabled by configuration"):
        export.load(mapping.format(secret))


def test_amounts_are_not_taken_from_binary_fractions(export: Export) -> None:
    export.write("l.csv", "id,sum\n1,0.1\n")
    mapping = """
        [tables.l]
        file = "l.csv"
        [payments]
        query = '''SELECT line, '1' AS company_id, id AS payment_id, id AS cust_id,
                          TIMESTAMP '2026-01-02 13:00:00' AS pmt_date, {} AS amount FROM l'''
    """
    with pytest.raises(MappingError, match="amount is a DOUBLE, which is not exact"):
        export.load(mapping.format("sum::DOUBLE * 3"))
    assert rejects(export.load(mapping.format("sum::DECIMAL(20, 9) * 3"))) == []
    assert export.rows("payment_id, pmt_date, amount::text", "payments") == [
        ("1", date(2026, 1, 2), "0.3")
    ]


GOOD = """[invoices]
file = "f.csv"
[invoices.columns]
company_id = "a"
tran_id = "b"
cust_id = "c"
tran_date = "d"
amount = "e"
"""


def with_key(line: str) -> str:
    """The good mapping with one more key of its table."""
    return GOOD.replace("[invoices.columns]", f"{line}\n[invoices.columns]")


def with_query(query: str, table: str = "") -> str:
    """A mapping with one table and a query."""
    return f"[tables.f]\nfile = 'f.csv'\n{table}\n[payments]\nquery = \"{query}\""


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("[invoices", "m.toml is no TOML: "),
        ("[invoices]\nfile = '\udcff'", "m.toml is no TOML: "),
        ("", "m.toml maps no file of the contract."),
        ("invoices = 3", "m.toml, invoices: it is no table."),
        ("tables = 3", "m.toml, tables: it is no table of tables."),
        (
            "[bills]\nfile = 'f.csv'",
            "m.toml, bills: there is no such table; there are tables, comp",
        ),
        (GOOD.replace("f.csv", "g.csv"), " holds no file g.csv."),
        (GOOD.replace("f.csv", "../f.csv"), "file is the name of a file in the folder, not ../f.c"),
        (
            GOOD.replace('"f.csv"', "1"),
            "m.toml, invoices: Expected `str`, got `int` - at `$.file`.",
        ),
        (
            with_key("sheet = 1"),
            "m.toml, invoices: there is no key sheet; there are file, delimiter",
        ),
        (
            with_key("query = 'SELECT 1'"),
            "m.toml, invoices: there is no key file; there are query, ",
        ),
        (GOOD.replace('amount = "e"', ""), "m.toml, invoices: the column amount is missing."),
        (GOOD.replace("tran_id", "number"), "invoices.columns.number: there is no such column."),
        (GOOD.replace('"e"', '"E"'), "m.toml, invoices: f.csv has no column E."),
        (with_key("where = {x = ['1']}"), "m.toml, invoices: f.csv has no column x."),
        (GOOD + '[invoices.constants]\namount = "1"', "constants.amount: columns has it, too."),
        (GOOD + '[invoices.constants]\ncurr_id = "EURO"', "curr_id: 'EURO' is no currency."),
        (
            GOOD + '[invoices.values.amount]\nx = "1"',
            "values.amount: dates and amounts have no cod",
        ),
        (GOOD + '[invoices.values.type]\nx = "1"', "values.type: there is no such column."),
        (with_key("delimiter = ';;'"), "a delimiter is one character"),
        (with_key("delimiter = 'a'"), "a delimiter is one character"),
        (with_key("quote = ','"), "quote is one character other than the delimiter"),
        (with_key("encoding = 'x'"), "x is no encoding that can be read"),
        (with_key("encoding = 'utf-16'"), "utf-16 is no encoding that can be read; write the file"),
        (with_key("decimal_mark = ''"), "decimal_mark is one character"),
        (
            with_key("thousands_mark = '.'"),
            "thousands_mark is one character other than the decimal",
        ),
        (with_key("dates = '%m/%Y'"), "invoices.dates: %m/%Y is no format that tells a day."),
        (with_key("dates = {amount = '%x'}"), "invoices.dates"),
        (with_key("dates = {amount = '%Y-%m-%d'}"), "dates.amount: there is no such column."),
        (
            "[[payment_applications]]\n[[payment_applications]]",
            "payment_applications: there can be ",
        ),
        ("[tables.X]\nfile = 'f.csv'", "m.toml, tables.X: names have small letters"),
        (with_query("SELEC"), "m.toml, payments: the query cannot be run: Parser Error"),
        (with_query("SELECT 1;\\nDROP TABLE f"), "payments: the query cannot be run: Parser Error"),
        (with_query("SELECT 1 AS one"), "payments: the query gives no column company_id."),
        (
            with_query("SELECT a,\\n nothing FROM f"),
            "not found in FROM clause! (line 2 of the query).",
        ),
        (with_query("SELECT a", "amounts = ['z']"), "m.toml, tables.f: f.csv has no column z."),
        (with_query("SELECT a", "dates = {a = '%y'}"), "m.toml, tables.f.dates: %y is no format"),
    ],
)
def test_a_bad_mapping_is_told_where_it_is_bad(tmp_path: Path, text: str, saying: str) -> None:
    (tmp_path / "f.csv").write_text("a,b,c,d,e\n")
    mapping = tmp_path / "m.toml"
    mapping.write_text(text, errors="surrogateescape")

    with pytest.raises(MappingError, match=re.escape(saying)):
        export_files(tmp_path, mapping)


def test_a_query_that_fails_over_what_the_files_hold_fails_before_anything_is_loaded(
    export: Export,
) -> None:
    export.write("f.csv", "a,b\nK,1\nL,x\n")
    with pytest.raises(MappingError, match=r"payments: .*Could not convert string 'x'.*line 2 of"):
        export.load("""
            [customers]
            file = "f.csv"
            columns = { company_id = "a", cust_id = "a" }
            [tables.f]
            file = "f.csv"
            [payments]
            query = '''SELECT line, a AS company_id, a AS payment_id, a AS cust_id,
                              b::INTEGER AS amount, DATE '2026-01-01' AS pmt_date FROM f'''
        """)
    assert export.rows("cust_id", "accounts") == []


def test_a_file_that_cannot_be_read_at_all_is_one_rejected_row(export: Export) -> None:
    export.write("f.csv", "")

    synced = export.load(GOOD)

    reason = "The file is empty; it needs a header row."
    assert rejects(synced) == [("f.csv", 1, None, reason)]


def test_a_query_over_a_file_that_cannot_be_read_is_not_run(export: Export) -> None:
    export.write("f.csv", "")
    with pytest.raises(MappingError, match=r"m.toml, tables.f: f.csv: The file is empty; it needs"):
        export.load(with_query("SELECT a FROM f"))
