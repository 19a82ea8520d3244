"""Foreign files behind the contract's: the same rows, the same faults, in the file's own words."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.shared.rows import KEY_SEPARATOR, BadRow
from erp.csv_folder import FolderFile
from erp.documents import INVOICES
from erp.mapped_file import FileMapping, MappedFile
from tests.erp.test_csv_folder import HEADER, read, rows

OURS = HEADER.decode().strip().split(",")
THEIRS = {name: f"{name[::-1]} *" for name in OURS}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(rows, max_size=12))
def test_a_file_under_other_names_has_the_rows_and_faults_of_the_contract_s(
    tmp_path: Path, told: list[bytes]
) -> None:
    content = b"\n".join(told)
    plain, foreign = tmp_path / "invoices.csv", tmp_path / "foreign.csv"
    plain.write_bytes(HEADER + content)
    foreign.write_bytes(",".join(THEIRS.values()).encode() + b"\n" + content)

    count, good, bad = read(FolderFile(plain, INVOICES))
    mapped = MappedFile(foreign, INVOICES, FileMapping("foreign.csv", columns=THEIRS), 1)
    count_mapped, good_mapped, bad_mapped = read(mapped)

    assert count_mapped == count
    assert good.items() <= good_mapped.items()  # mapped, amounts may have their sign behind them
    places = {(line, THEIRS.get(column or "", column)) for line, column, _ in bad}
    assert {(line, column) for line, column, _ in bad_mapped} <= places
    assert len(bad_mapped) + len(good_mapped) == count


def invoices(folder: Path, content: str, **told: Any) -> MappedFile:
    path = folder / "f.csv"
    path.write_bytes(content.encode(told.get("encoding", "utf-8")))
    columns = {"company_id": "co", "tran_id": "no", "cust_id": "who", "tran_date": "on"}
    columns |= {"amount": "sum"} | told.pop("columns", {})
    for constant in told.get("constants", {}):
        columns.pop(constant, None)
    return MappedFile(path, INVOICES, FileMapping("f.csv", columns=columns, **told), 1)


def values(file: MappedFile, *names: str) -> dict[int, tuple[Any, ...]]:
    """Values of good rows by line."""
    places = [[one.name for one in INVOICES.columns].index(name) for name in names]
    return {line: tuple(row[place] for place in places) for line, (_, row) in read(file)[1].items()}


def companies(file: MappedFile) -> set[str]:
    return set().union(*(page.companies() for page in file.pages()))


def test_codes_are_translated_in_keys_and_elsewhere(tmp_path: Path) -> None:
    file = invoices(
        tmp_path,
        "kind,co,no,who,on,sum\n"
        "R,01,1,K,2026-01-01,1\n,02,2,K,2026-01-01,2\nX,01,3,K,2026-01-01,3\n"
        'R,03,4,K,2026-01-01,4\nR,03,4,K,2026-01-01,4\n-,"02",6,K,2026-01-01,6\n',
        columns={"type": "kind", "udf1": "kind"},
        values={"type": {"R": "IN", "": "DEBIT", "-": ""}, "company_id": {"01": "US", "02": "DE"}},
    )
    assert values(file, "company_id", "type", "udf1") == {
        2: ("US", "IN", "R"),
        3: ("DE", "DEBIT", None),
        7: ("DE", None, "-"),
    }
    assert read(file)[2] == [
        (4, "kind", "kind 'X' is none of the values that the mapping knows."),
        (5, "co", "co '03' is none of the values that the mapping knows."),
        (6, "co", "co '03' is none of the values that the mapping knows."),
    ]
    (page, _) = file.pages()
    assert page.keys([0, 3]) == [f"US{KEY_SEPARATOR}1", f"?03{KEY_SEPARATOR}4"]
    assert companies(file) == {"US", "DE", "\x0003"}


def test_rows_that_are_not_wanted_are_no_rows(tmp_path: Path) -> None:
    file = invoices(
        tmp_path,
        "co,no,who,on,sum,state,kind\n"
        "1,1,K,2026-01-01,1,open ,a\n1,2,K,31/02,2,draft,a\n1,3,K,2026-01-01,3,open,b\n"
        "2,4,K,2026-01-01,4,closed,c\n1,5\n1,6,K,2026-01-01,x,open,c\n",
        where={"state": ["open", "closed"]},
        where_not={"kind": ["b"]},
    )
    assert values(file, "tran_id") == {2: ("1",), 5: ("4",)}
    assert read(file)[2] == [
        (6, None, "The row has 2 fields, the header 7."),
        (7, "sum", "sum 'x' is no amount; amounts are written like -1234.56."),
    ]
    assert companies(file) == {"1", "2"}


def test_constants_stand_in_every_row_as_the_contract_writes_them(tmp_path: Path) -> None:
    file = invoices(
        tmp_path,
        "no;who;sum;note\n1;K;1,5;NULL\n2;K;2;\n3;K;3; x \n",
        delimiter=";",
        decimal_mark=",",
        dates="%d.%m.%Y",
        unknown=["NULL"],
        columns={"invoice_cmnt": "note", "comment": "note"},
        constants={"company_id": "7", "tran_date": "2026-01-31", "disc_amt": "0.25"},
    )
    named = values(file, "company_id", "tran_id", "tran_date", "amount", "disc_amt")
    told = {line: [str(one) for one in row] for line, row in named.items()}
    assert told == {
        2: ["7", "1", "2026-01-31", "1.5", "0.25"],
        3: ["7", "2", "2026-01-31", "2", "0.25"],
        4: ["7", "3", "2026-01-31", "3", "0.25"],
    }
    assert values(file, "invoice_cmnt", "comment") == {
        2: (None, None),
        3: (None, None),
        4: ("x", "x"),
    }
    assert companies(file) == {"7"}


@pytest.mark.parametrize(
    ("quote", "note", "told"),
    [
        ("'", "'a, 12\" and ''b'''", "a, 12\" and 'b'"),
        ("'", "'two\nlines'", "two\nlines"),
        ("", '"12""', '"12""'),
        ("", '"12', '"12'),
        ('"', '"a, ""b"""', 'a, "b"'),
    ],
)
def test_fields_are_quoted_as_the_mapping_says(
    tmp_path: Path, quote: str, note: str, told: str
) -> None:
    content = f"note,co,no,who,on,sum\n{note},1,1,K,2026-01-01,1\nx,2,2,K,2026-01-01,2\n"
    file = invoices(tmp_path, content, quote=quote, columns={"comment": "note"})
    assert list(values(file, "comment", "company_id").values()) == [
        (told, "1"),
        ("x", "2"),
    ]
    assert read(file)[2] == []
    assert companies(file) == {"1", "2"}


def test_texts_are_decoded_as_the_mapping_says(tmp_path: Path) -> None:
    content = "co,no,who,on,sum\nMünchen,1,Café,2026-01-01,1\n"
    file = invoices(tmp_path, content, encoding="cp1252")
    assert values(file, "company_id", "cust_id") == {2: ("München", "Café")}
    assert companies(file) == {"München"}


def test_what_a_row_says_is_told_by_its_hash_and_the_mapping_s(tmp_path: Path) -> None:
    content = "co,no,who,on,sum\n1,1,K,2026-01-01,1\n"

    def contents(version: int) -> list[int]:
        file = invoices(tmp_path, content)
        again = MappedFile(tmp_path / "f.csv", INVOICES, file._mapping, version)
        return [one for page in again.pages() for one in page.contents]

    assert contents(1) == contents(1)
    assert contents(1) != contents(2)


def test_a_value_that_is_bad_is_told_under_the_file_s_name_even_if_that_is_one_of_ours(
    tmp_path: Path,
) -> None:
    file = invoices(
        tmp_path,
        "co,no,who,on,balance,amount\n1,1,K,2026-01-01,x,1\n1,2,K,2026-01-01,1,y\n",
        columns={"amount": "balance", "balance": "amount"},
    )
    (page, _) = file.pages()
    bad = page.values([0, 1])
    assert [(one.column, one.reason[:10]) for one in bad if isinstance(one, BadRow)] == [
        ("balance", "balance 'x"),
        ("amount", "amount 'y'"),
    ]
