"""Files of the contract as a sync reads them: every row is either good or told to be bad."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.shared.rows import KEY_SEPARATOR, BadRow
from erp.csv_folder import FolderFile, folder_files
from erp.documents import CONTACTS, INVOICES, KINDS

HEADER = b"company_id,tran_id,cust_id,tran_date,amount,curr_id,invoice_cmnt\n"

Told = tuple[int, str | None, str]


def read(file: FolderFile) -> tuple[int, dict[int, tuple[str, list[Any]]], list[Told]]:
    """How many rows there are, the good ones by line with their keys, and the bad ones."""
    count = 0
    good: dict[int, tuple[str, list[Any]]] = {}
    bad: list[Told] = []
    for page in file.pages():
        count += len(page.lines) + len(page.faults)
        assert len(page.contents) == len(page.lines)
        keys = page.keys(range(len(page.lines)))
        rows = [number for number, key in enumerate(keys) if key is not None]
        for number, values in zip(rows, page.values(rows), strict=True):
            line, key = page.lines[number], keys[number]
            assert key is not None
            if isinstance(values, BadRow):
                bad.append((line, values.column, values.reason))
            else:
                good[line] = key, list(values)
        bad.extend((fault.line, fault.column, fault.reason) for fault in page.faults)
    return count, good, sorted(bad, key=lambda told: told[0])


def invoices(folder: Path, content: bytes) -> FolderFile:
    path = folder / "invoices.csv"
    path.write_bytes(content)
    return FolderFile(path, INVOICES)


cells = st.one_of(
    st.sampled_from(
        [b"1", b"A", b"2026-01-31", b"12.50", b"EUR", b"", b'"x, y"', b'"two\nlines"', b'""']
    ),
    st.sampled_from([b"31/02", b"NaN", b"EURO", b'"', b'5"', b"\xff", b"\0", b"\r", b"\x1f"]),
    st.binary(max_size=4),
)
rows = st.one_of(
    st.just(b'1,I1,A,2026-01-31,12.50,EUR,"a\nb"'),
    st.lists(cells, min_size=7, max_size=7).map(b",".join),
    st.lists(cells, max_size=9).map(b",".join),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(rows, max_size=12))
def test_rows_read_are_good_ones_and_rejected_ones(tmp_path: Path, told: list[bytes]) -> None:
    file = invoices(tmp_path, HEADER + b"\n".join(told))
    count, good, bad = read(file)
    assert count == len(good) + len(bad)
    assert all(reason.endswith(".") for _, _, reason in bad)
    assert {column for _, column, _ in bad} <= {None, *(one.name for one in INVOICES.columns)}
    assert read(file) == (count, good, bad)


def test_good_rows_among_bad_ones_are_read_and_each_bad_one_is_told(tmp_path: Path) -> None:
    content = HEADER + (
        b'1,I1,A,2026-01-31,12.50,EUR,"two\nlines"\n'
        b"1,I2,A,31/02/2026,1,EUR,\n"
        b"1,I3,A,2026-01-31,NaN,EUR,\n"
        b"1,I4,A,2026-01-31,1,EURO,\n"
        b"1,I5\n"
        b"1,I6,A,2026-01-31,1,EUR,\xff\n"
        b'1,I7,"A,2026-01-31,1,EUR,\n'
        b'1,I8,A,2026-01-31,1,EUR,12" pipe\n'
        b",I9,A,2026-01-31,1,EUR,\n"
    )
    count, good, bad = read(invoices(tmp_path, content))
    assert count == 9
    assert {line: key.split(KEY_SEPARATOR) for line, (key, _) in good.items()} == {
        2: ["1", "I1"],
        10: ["1", "I8"],
    }
    names = [column.name for column in INVOICES.columns]
    assert [values[names.index("invoice_cmnt")] for _, values in good.values()] == [
        "two\nlines",
        '12" pipe',
    ]
    assert bad == [
        (4, "tran_date", "tran_date '31/02/2026' is no date; dates are written YYYY-MM-DD."),
        (5, "amount", "amount 'NaN' is no amount; amounts are written like -1234.56."),
        (6, "curr_id", "curr_id 'EURO' is no currency."),
        (7, None, "The row has 2 fields, the header 7."),
        (8, None, "Field 7 is not UTF-8 text."),
        (9, None, "A quotation mark is opened and never closed."),
        (11, "company_id", "company_id is missing."),
    ]


def test_what_a_row_says_is_told_by_its_hash_and_the_header_s(tmp_path: Path) -> None:
    def contents(content: bytes) -> list[int]:
        return [one for page in invoices(tmp_path, content).pages() for one in page.contents]

    row, other = b"1,I1,A,2026-01-31,1,EUR,\n", b"1,I1,A,2026-01-31,1,EUR,x\n"
    renamed = HEADER.replace(b"invoice_cmnt", b"comment")
    (first,), (again,), (changed,), (read_otherwise,) = (
        contents(HEADER + row),
        contents(HEADER.replace(b"\n", b"\r\n") + row.replace(b"\n", b"\r\n")),
        contents(HEADER + other),
        contents(renamed + row),
    )
    assert first == again
    assert len({first, changed, read_otherwise}) == 3


def test_keys_of_several_parts_are_joined_and_read_without_blanks(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_text("cntct_id,cust_id,company_id\n 7 ,A/1,406\nx\n")
    (page, _) = FolderFile(path, CONTACTS).pages()
    assert page.keys([0, 1]) == [KEY_SEPARATOR.join(["406", "A/1", "7"]), None]
    assert [(fault.line, fault.reason) for fault in page.faults] == [
        (3, "The row has 1 fields, the header 3.")
    ]


def test_the_companies_of_a_page_are_those_its_rows_name(tmp_path: Path) -> None:
    file = invoices(
        tmp_path, HEADER + b'406,I1,A,2026-01-31,1,EUR,\n"3,91",I1,A,2026-01-31,1,EUR,\n'
    )
    assert set().union(*(page.companies() for page in file.pages())) == {"406", "3,91"}


@pytest.mark.parametrize(
    ("content", "column", "reason"),
    [
        (b"", None, "The file is empty; it needs a header row."),
        (b"company_id,tran_id,cust_id,amount\n1,2,3,4\n", "tran_date", "lacks the column"),
        (b"company_id,tran_id,tran_id\n", "tran_id", "names the column tran_id twice."),
        (b"company_id;tran_id;cust_id;tran_date;amount\n", "company_id", "lacks the column"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_fault_of_its_header(
    tmp_path: Path, content: bytes, column: str | None, reason: str
) -> None:
    count, good, bad = read(invoices(tmp_path, content))
    ((line, told, why),) = bad
    assert (count, good, line, told) == (1, {}, 1, column)
    assert reason in why


def test_a_folder_gives_the_files_it_holds_in_the_order_they_are_read(tmp_path: Path) -> None:
    for name in ("invoices.csv", "companies.csv", "payments.csv", "notes.txt", "Invoices.CSV"):
        (tmp_path / name).write_text("x\n")
    (tmp_path / "customers.csv").mkdir()
    assert [file.kind for file in folder_files(tmp_path)] == ["companies", "payments", "invoices"]
    assert [kind.name for kind in KINDS][-2:] == ["invoices", "invoice_lines"]
