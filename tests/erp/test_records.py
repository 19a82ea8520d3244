"""Records of CSV files: read as the csv module reads them, and no line lost of what is none."""

import csv
import io
import tracemalloc
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erp.records import (
    BLOCK_BYTES,
    RECORD_BYTES_MAX,
    Header,
    RecordPage,
    UnreadableFile,
    parse_page,
    read_records,
)

BLOCKS = [1, 2, 3, 7, 16, 61, BLOCK_BYTES]
in_one_folder = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def pages(path: Path, block_bytes: int = BLOCK_BYTES) -> tuple[Header, list[RecordPage]]:
    header, *rest = read_records(path, block_bytes=block_bytes)
    assert isinstance(header, Header)
    found = [page for page in rest if isinstance(page, RecordPage)]
    assert len(found) == len(rest)
    return header, found


Rows = list[tuple[int, list[str]]]
Faults = list[tuple[int, str]]


def read(path: Path, block_bytes: int = BLOCK_BYTES) -> tuple[Rows, Faults]:
    """The records with their lines, and the faults with theirs."""
    header, found = pages(path, block_bytes)
    rows: Rows = []
    faults: Faults = []
    for page in found:
        fields = parse_page(page, header)
        rows.extend(zip(page.lines, fields, strict=True))
        faults.extend((fault.line, fault.reason) for fault in page.faults)
    return rows, sorted(faults)


pieces = st.sampled_from(
    ["a", "7", " ", "é", "\u2028", "\x85", "\x0b", "\x1c", '"', '""', ",", '","', "\n", "\r\n"]
)
fields = st.lists(pieces, max_size=6).map("".join)
tables = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(fields, min_size=width, max_size=width), min_size=1, max_size=8)
)


@in_one_folder
@given(
    table=tables,
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    block_bytes=st.sampled_from(BLOCKS),
    bom=st.booleans(),
)
def test_what_is_well_formed_is_read_as_the_csv_module_reads_it(
    tmp_path: Path,
    table: list[list[str]],
    line_end: str,
    quoting: int,
    block_bytes: int,
    bom: bool,
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow([f"column{number}" for number in range(len(table[0]))])
    lines = []
    for row in table:
        lines.append(1 + text.getvalue().count("\n"))
        writer.writerow(row)
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xef\xbb\xbf" * bom + text.getvalue().encode())

    expected = list(csv.reader(io.StringIO(text.getvalue(), newline=""), strict=True))[1:]
    assert expected == table
    assert read(path, block_bytes) == (list(zip(lines, expected, strict=True)), [])


rubbish = st.lists(
    st.one_of(
        st.sampled_from(
            [b'"', b'""', b',"', b'",', b",", b"\n", b"\n", b"\r\n", b"\r", b"a", b"1", b"\0"]
        ),
        st.sampled_from([b"a,b\n", b'"a","b"\n', b"\xff", b"\xe2\x82\xac", b"\xef\xbb\xbf"]),
        st.binary(max_size=3),
    ),
    max_size=40,
).map(b"".join)


@in_one_folder
@given(content=rubbish, block_bytes=st.sampled_from(BLOCKS))
def test_each_line_of_any_file_is_in_one_record_or_one_fault(
    tmp_path: Path, content: bytes, block_bytes: int
) -> None:
    path = tmp_path / "rubbish.csv"
    path.write_bytes(b"a,b\n" + content)
    header, found = pages(path, block_bytes)
    covered: list[int] = []
    for page in found:
        for line, raw in zip(page.lines, page.raws, strict=True):
            covered.extend(range(line, line + raw.count(b"\n") + 1))
        covered.extend(fault.line for fault in page.faults)
        before = len(page.lines) + len(page.faults)
        rows = parse_page(page, header)
        assert len(rows) + len(page.faults) == before
        assert {len(row) for row in rows} <= {2}

    told = {number for number, line in enumerate(content.split(b"\n"), 2) if line.rstrip(b"\r")}
    assert len(covered) == len(set(covered))
    assert told <= set(covered) <= set(range(2, content.count(b"\n") + 3))
    assert read(path, block_bytes) == read(path)


@in_one_folder
@given(content=st.one_of(rubbish, st.binary(max_size=60)))
def test_a_file_of_any_bytes_is_read_or_told_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        read(path)
    except UnreadableFile as unreadable:
        fault = unreadable.fault
    else:
        return
    assert fault.file == "any.csv"
    assert 1 <= fault.line <= content.count(b"\n") + content.count(b"\r") + 1
    assert fault.reason.endswith(".")


OPEN = "A quotation mark is opened and never closed."
NOT_CLOSED_WELL = "The row is no CSV: ',' expected after '\"'."


@pytest.mark.parametrize(
    ("content", "rows", "faults"),
    [
        pytest.param(b"a,b\r\n1,2\r\n3,4", [(2, "1|2"), (3, "3|4")], [], id="CRLF"),
        pytest.param(b"a,b\r1,2\r\r3,4\r", [(2, "1|2"), (4, "3|4")], [], id="CR alone"),
        pytest.param(b"a,b\n\n1,2\n \n\r\n3,4\n\n", [(3, "1|2"), (6, "3|4")], [(4, 1)], id="blank"),
        pytest.param(b"\n\r\na,b\n1,2\n", [(4, "1|2")], [], id="blank lines before the header"),
        pytest.param(b"a,b\n", [], [], id="header only"),
        pytest.param(b"a,b", [], [], id="header without a line break"),
        pytest.param(b"a,b\n1\n1,2,3\n4,5\n", [(4, "4|5")], [(2, 1), (3, 3)], id="short and long"),
        pytest.param(
            b'a,b\n1,"x\ny\r\n\nz"\n3,4\n', [(2, "1|x\ny\r\n\nz"), (6, "3|4")], [], id="embedded"
        ),
        pytest.param(
            b'a,b\n1,5" pipe\n2,6" pipe\n3,ok\n',
            [(2, '1|5" pipe'), (3, '2|6" pipe'), (4, "3|ok")],
            [],
            id="inches",
        ),
        pytest.param(
            b'a,b\n1,x"y,"z\nw"\n2,ok\n', [(4, "2|ok")], [(2, 3)], id="opened in a row too long"
        ),
        pytest.param(
            b'a,b\n1,"stray\n2,ok\n3,ok\n', [(3, "2|ok"), (4, "3|ok")], [(2, OPEN)], id="unclosed"
        ),
        pytest.param(
            b'a,b\n1,"stray\n2,ok\n3,"Smith, Inc"\n4,ok\n',
            [(3, "2|ok"), (4, "3|Smith, Inc"), (5, "4|ok")],
            [(2, OPEN)],
            id="unclosed before quoted rows",
        ),
        pytest.param(
            b'a,b\n1,"x"y\n2,ok\n', [(3, "2|ok")], [(2, NOT_CLOSED_WELL)], id="text behind a quote"
        ),
        pytest.param(
            b"a,b\n1,x\ry\n2,ok\n",
            [(3, "2|ok")],
            [(2, "The row is no CSV: it holds a line break outside of quotation marks.")],
            id="CR in a field",
        ),
        pytest.param(
            b"a,b\n1,\xe2\x80\xa8x\n2,\xff\n3,\xc2\x85y\n",
            [(2, "1|\u2028x"), (4, "3|\x85y")],
            [(3, "Field 2 is not UTF-8 text.")],
            id="not UTF-8",
        ),
        pytest.param(
            b"a,b\n1,x\0\n2,ok\n",
            [(3, "2|ok")],
            [(2, "The row is no CSV: it holds a NUL character.")],
            id="NUL",
        ),
    ],
)
def test_bad_rows_are_told_with_their_lines_and_the_others_come(
    tmp_path: Path,
    content: bytes,
    rows: list[tuple[int, str]],
    faults: list[tuple[int, str | int]],
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    told = [
        (line, f"The row has {reason} fields, the header 2." if isinstance(reason, int) else reason)
        for line, reason in faults
    ]
    expected = [(line, row.split("|")) for line, row in rows]
    assert read(path) == (expected, told)
    assert read(path, 1) == (expected, told)


@pytest.mark.parametrize(
    ("content", "line", "column", "reason"),
    [
        (b"", 1, None, "The file is empty; it needs a header row."),
        (b"\n\r\n\n", 1, None, "The file is empty; it needs a header row."),
        (b"\xef\xbb\xbf", 1, None, "The file is empty; it needs a header row."),
        (b",,\n1,2,3\n", 1, None, "The first line holds no column names."),
        (b"\n\nb,a,b\n1,2,3\n", 3, "b", "The header names the column b twice."),
        (b"a, a\n", 1, "a", "The header names the column a twice."),
        ("a,b\n1,2\n".encode("utf-16"), 1, None, "The header is not UTF-8 text."),
        ("a,b\n1,2\n".encode("utf-16-le"), 1, None, "The first line holds no column names."),
        (b'"a,b\n1,2\n', 1, None, OPEN),
        (b'"a"b,c\n1,2\n', 1, None, "The header is no CSV: ',' expected after '\"'."),
        (
            b"a" * (RECORD_BYTES_MAX + 1) + b",b\n1,2\n",
            1,
            None,
            f"The row is longer than {RECORD_BYTES_MAX} bytes.",
        ),
    ],
)
def test_a_file_without_a_header_to_go_by_is_told(
    tmp_path: Path, content: bytes, line: int, column: str | None, reason: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as unreadable:
        read(path)
    fault = unreadable.value.fault
    assert (fault.file, fault.line, fault.column, fault.reason) == (
        "table.csv",
        line,
        column,
        reason,
    )


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be read: No such file or directory"):
        read(tmp_path / "nowhere.csv")


LONG = f"The row is longer than {RECORD_BYTES_MAX} bytes."


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        ([b"1," + b"x" * 5_000_000], [LONG]),
        ([b'1,"' + b"x" * 5_000_000 + b'"'], [LONG]),
        ([b'1,"stray', b"2," + b"x" * 5_000_000], [OPEN, LONG]),
        ([b'1,"' + b"x" * 400_000, b"y" * 400_000, b"z" * 400_000 + b'"'], [OPEN, 1, 1]),
    ],
    ids=["one field", "one quoted field", "behind an open quote", "many lines"],
)
def test_no_row_however_long_fills_the_memory(
    tmp_path: Path, rows: Sequence[bytes], reasons: list[str | int]
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"\n".join([b"a,b", b"0,ok", *rows, b"9,ok", b""]))
    tracemalloc.start()
    try:
        found = read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    told = [
        (line, f"The row has {reason} fields, the header 2." if isinstance(reason, int) else reason)
        for line, reason in enumerate(reasons, 3)
    ]
    assert found == ([(2, ["0", "ok"]), (3 + len(rows), ["9", "ok"])], told)
    assert peak < 16 * BLOCK_BYTES


def test_lines_stay_right_over_many_pages(tmp_path: Path) -> None:
    table = [[str(number), f'x "{number}"\n' * (number % 3)] for number in range(60_000)]
    path = tmp_path / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([["a", "b"], *table])
    assert path.stat().st_size > BLOCK_BYTES
    lines = accumulate((1 + text.count("\n") for _, text in table[:-1]), initial=2)
    assert read(path) == (list(zip(lines, table, strict=True)), [])
