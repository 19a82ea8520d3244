"""COPY of whole pages of rows, encoded in one call.

A page of rows is encoded as JSON arrays, one a line. Without its brackets such a line is CSV to
PostgreSQL's COPY if the escape character is a backslash, but for JSON's escapes of control
characters, which are put back into raw ones here. So a row of any width costs one call in C.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import Connection

_OPTIONS = "(FORMAT csv, QUOTE '\"', ESCAPE '\\', NULL 'null')"
_encoder = msgspec.json.Encoder()
_ESCAPE = re.compile(rb'\\(?:(["\\])|([bfnrt])|u00([0-9a-f]{2}))')
_CONTROL_ESCAPE = re.compile(rb"\\[bfnrtu]")
_CONTROL = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def copy_rows(connection: Connection[Any], table: str, columns: str, rows: Sequence[Any]) -> int:
    """Copy `rows` into `table` and return how many.

    A row is an array-like struct or a tuple, in the order of `columns`.
    """
    if not rows:
        return 0
    cursor = connection.cursor()
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN {_OPTIONS}") as copy:  # pyright: ignore[reportArgumentType, reportCallIssue]
        copy.write(csv_lines(rows))
    return cursor.rowcount


def csv_lines(rows: Sequence[Any]) -> bytes:
    """Return `rows` as the CSV lines described above."""
    lines = _encoder.encode_lines(rows)[1:-2].replace(b"]\n[", b"\n") + b"\n"
    if _CONTROL_ESCAPE.search(lines) is None:
        return lines
    return _ESCAPE.sub(_unescape, lines)


def _unescape(escape: re.Match[bytes]) -> bytes:
    if escape[1]:
        return escape[0]
    if escape[2]:
        return _CONTROL[escape[2]]
    return bytes([int(escape[3], 16)])
