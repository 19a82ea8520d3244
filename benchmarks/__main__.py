"""`python -m benchmarks`: everything, or some of it, in one run."""

import sys
import tempfile
import time
from pathlib import Path

import click

from benchmarks import (
    accounts,
    aging,
    audits,
    blue_green,
    commands,
    pages,
    proofs,
    rebuild,
    replay,
    report,
    rule_runs,
    sync,
)
from benchmarks.measure import Bench, Result
from runtime.clock import business_date, now
from runtime.database import Database
from runtime.settings import Settings

MEASURES = {
    "sync": sync.measure,
    "rebuild": rebuild.measure,
    "replay": replay.measure,
    "aging": aging.measure,
    "proofs": proofs.measure,
    "pages": pages.measure,
    "commands": commands.measure,
    "accounts": accounts.measure,
    "rules": rule_runs.measure,
    "actions": rule_runs.measure_creating,
    "audits": audits.measure,
    "blue_green": blue_green.measure,
}

ONCE = frozenset({"commands", "accounts", "actions"})
"""What does not depend on the size of a run, and is measured in the first one."""


@click.command()
@click.option("--sizes", default="100000,1000000", help="Invoices, one run after the other.")
@click.option("--only", default=",".join(MEASURES), help="What to measure; sync comes first.")
@click.option("--write", is_flag=True, help="Put the table into benchmarks/README.md.")
def main(sizes: str, only: str, write: bool) -> None:
    """Measure, print the table, and exit 1 if something that must be reached is not."""
    started = time.perf_counter()

    def log(message: str) -> None:
        click.echo(f"{time.perf_counter() - started:7.1f} s  {message}", err=True)

    chosen = [name for name in MEASURES if name in {"sync", *only.split(",")}]
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="tallystick-bench-", ignore_cleanup_errors=True) as at:
        database = Database.open(Settings(home=Path(at) / "home"))
        bench = Bench(database, Path(at), log)
        try:
            for number, size in enumerate(int(one) for one in sizes.split(",")):
                for name in chosen:
                    if not number or name not in ONCE:
                        results += MEASURES[name](bench, size)
        finally:
            database.close()
    results += report.growth(bench.per_item)
    today = business_date(now(), "UTC")
    report.show(results)
    click.echo(f"kept as {report.keep(results, today)}", err=True)
    if write:
        report.write(results, today)
    if any(one.reached is False for one in results):
        sys.exit(1)


if __name__ == "__main__":
    main()
