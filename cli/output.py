"""Results on standard output: a table for people, JSON or CSV for programs."""

import csv
import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table

from cli.context import Format

WIDTH_ELSEWHERE = 200
"""Characters of a line in a file or a pipe."""


def print_json(value: Any) -> None:
    """Print a value as one JSON document."""
    print(json.dumps(value, ensure_ascii=False, indent=2))  # noqa: T201


def print_rows(
    output: Format, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str = ""
) -> None:
    """Print rows as a table, as JSON objects or as CSV."""
    match output:
        case Format.JSON:
            print_json([dict(zip(columns, row, strict=True)) for row in rows])
        case Format.CSV:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
        case Format.TABLE:
            table = Table(title=title or None, title_justify="left")
            for column in columns:
                table.add_column(column)
            for row in rows:
                table.add_row(*("" if value is None else str(value) for value in row))
            show(table)


def show(*shown: RenderableType) -> None:
    """Print what people look at; where nobody says how wide, on wide lines."""
    width = None if sys.stdout.isatty() else WIDTH_ELSEWHERE
    Console(width=width).print(*shown, sep="\n")
