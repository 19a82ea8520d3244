"""What a measurement is, and the tools that all of them use."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from examples.sample_ledger import write_sample_ledger
from runtime.clock import business_date, now
from runtime.database import Database
from runtime.tenants import Tenant, create_tenant

REPEATS = 15


class Result(Struct, frozen=True):
    """One row of the table: how fast, beside which limit, and what must be reached.

    `ratio` is the rate as a share of the limit's (more is better), or with `times` the time as a
    multiple of the limit's (less is better). Without `must` the row only informs.
    """

    work: str
    size: int
    measured: str
    limit: str
    ratio: float
    must: float | None = None
    want: float | None = None
    times: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether what must be reached is; None if nothing must."""
        if self.must is None:
            return None
        return self.ratio <= self.must if self.times else self.ratio >= self.must


class Bench(Struct):
    """A database of the run's own, with a ledger in a tenant for each size."""

    database: Database
    folder: Path
    log: Callable[[str], None]
    tenants: dict[int, Tenant] = {}
    per_item: dict[str, dict[int, float]] = {}

    def ledger(self, size: int) -> Path:
        """Return a folder with a sample ledger of so many invoices."""
        folder = self.folder / f"ledger-{size}"
        if not folder.exists():
            self.log(f"writing a ledger of {size:,} invoices")
            folder.mkdir()
            write_sample_ledger(folder, invoices=size, last_date=business_date(now(), "UTC"))
        return folder

    def new_tenant(self, name: str) -> Tenant:
        """Return a tenant of its own."""
        return create_tenant(self.database, name)

    def note(self, work: str, size: int, seconds: float) -> None:
        """Keep what an item of some work cost at a size, to see how that grows."""
        self.per_item.setdefault(work, {})[size] = seconds


@contextmanager
def timed() -> Generator[list[float]]:
    """Give a list that holds the seconds that passed once the block is left."""
    spent: list[float] = []
    started = time.perf_counter()
    yield spent
    spent.append(time.perf_counter() - started)


def best(ours: Callable[[], Any], limit: Callable[[], Any], repeats: int = REPEATS) -> list[float]:
    """Return the least seconds of several repeats of ours, and of the limit.

    They take turns, so that what else the machine does befalls both; the first ones, which warm up,
    are left out.
    """
    works = ours, limit
    found: list[list[float]] = [[], []]
    for _ in range(repeats + 1):
        for work, seconds in zip(works, found, strict=True):
            with timed() as spent:
                work()
            seconds.append(spent[0])
    return [min(seconds[1:]) for seconds in found]


def percentile(values: list[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def rate(count: float, seconds: float, unit: str) -> str:
    """Return a rate as text."""
    return f"{count / seconds:,.0f} {unit}/s ({seconds:.2f} s)"
