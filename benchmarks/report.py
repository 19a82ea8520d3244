"""The table of results: on the terminal, as JSON, and in benchmarks/README.md."""

import json
import os
import platform
import re
from datetime import date
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.measure import Result

README = Path(__file__).parent / "README.md"
RESULTS = Path(__file__).parent / "results"
_MARKED = re.compile(r"(<!-- latest -->\n).*?(<!-- /latest -->)", re.DOTALL)


def growth(per_item: dict[str, dict[int, float]]) -> list[Result]:
    """Return how much more an item costs at the largest size than at the smallest."""
    results: list[Result] = []
    for work, costs in per_item.items():
        if len(costs) > 1:
            small, large = min(costs), max(costs)
            results.append(
                Result(
                    f"growth of {work} per invoice, {small:,} to {large:,}",
                    large,
                    f"{costs[large] * 1e6:.1f} µs",
                    f"{costs[small] * 1e6:.1f} µs at {small:,}",
                    costs[large] / costs[small],
                    1.3,
                    times=True,
                )
            )
    return results


def _verdict(result: Result) -> str:
    if result.reached is None:
        return ""
    return "reached" if result.reached else "MISSED"


def _ratio(result: Result) -> str:
    return f"{result.ratio:.2f}{' x' if result.times else ''}"


def _bound(result: Result, bound: float | None) -> str:
    if bound is None:
        return ""
    return f"≤ {bound:g} x" if result.times else f"≥ {bound:g}"


def show(results: list[Result]) -> None:
    """Print the table."""
    table = Table(title="Measured beside the limit, in the same run")
    for column in ("work", "invoices", "measured", "limit", "ratio", "must", "want", ""):
        table.add_column(column)
    for one in results:
        table.add_row(
            one.work,
            f"{one.size:,}",
            one.measured,
            one.limit,
            _ratio(one),
            _bound(one, one.must),
            _bound(one, one.want),
            _verdict(one),
        )
    Console(width=220).print(table)


def keep(results: list[Result], on: date) -> Path:
    """Write the results as JSON; return where."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{on}.json"
    path.write_text(json.dumps([msgspec.to_builtins(one) for one in results], indent=2))
    return path


def write(results: list[Result], on: date) -> None:
    """Put the table into the README."""
    lines = [
        (
            f"Measured on {on}: {os.cpu_count()} processors, {_memory():.0f} GiB of memory,"
            f" {platform.system()}, Python {platform.python_version()}."
        ),
        "",
        "| work | invoices | measured | limit | ratio | must | want | |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {one.work} | {one.size:,} | {one.measured} | {one.limit} | {_ratio(one)}"
            f" | {_bound(one, one.must)} | {_bound(one, one.want)} | {_verdict(one)} |"
            for one in results
        ),
        "",
    ]
    table = "\n".join(lines)
    README.write_text(_MARKED.sub(lambda found: found[1] + table + found[2], README.read_text()))


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
