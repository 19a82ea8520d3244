"""A CSV file for the ERP, as its own exports are written (DESIGN section 7)."""

import csv
import io
from collections.abc import Iterable, Sequence


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a header and rows; dates as ISO writes them, nothing for what is not known."""
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return told.getvalue()
