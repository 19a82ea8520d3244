"""A database of its own, with a master key of its own, for what concerns a whole database."""

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from domain.contact import ContactDocument, ContactRecorded
from domain.shared.person import Person
from eventstore.log import NewEvent
from eventstore.postgres import PostgresLog
from runtime.database import Database
from runtime.master_key_rotation import in_use
from runtime.settings import Settings
from runtime.tenants import all_tenants, create_tenant
from tests.runtime.erasing import Site

ON = date(2026, 3, 2)


class House:
    """A database of its own with a master key of its own, and a tenant."""

    def __init__(self, url: str, home: Path, name: str) -> None:
        self.name = name
        self.settings = Settings(home=home, database_url=url)
        self.database = Database.open(self.settings)
        with self.database.connect("worker") as connection:
            known = all_tenants(connection)
        self.tenant = known[0] if known else create_tenant(self.database, "t")

    def run(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the command on this database."""
        assert self.settings.database_url is not None
        environment = os.environ | {
            "TALLYSTICK_HOME": str(self.settings.home),
            "TALLYSTICK_DATABASE_URL": self.settings.database_url,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "cli", "--tenant", "t", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def told(self, *arguments: str) -> str:
        """What the command prints, as CSV."""
        process = self.run(*arguments, "--format", "csv")
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        return out

    def wrapped_by(self) -> dict[str, int]:
        """How many keys each master key wraps."""
        return {one.fingerprint: one.keys for one in in_use(self.database)}

    def names(self, persons: Sequence[int]) -> list[str | None]:
        """The names of persons, as the log tells them."""
        with self.database.pool("app", size=1) as pool:
            streams = [stream(one) for one in persons]
            told = PostgresLog(pool, self.tenant.id).load(streams)
        return [told[one].events[-1].document.person.cntct_name for one in streams]

    def add(self, persons: Sequence[int]) -> None:
        """Tell of persons who come for the first time."""
        with self.database.pool("app", size=1) as pool:
            PostgresLog(pool, self.tenant.id).append([added(one) for one in persons])


def stream(person: int) -> str:
    return f"contact/1/A/{person}"


def added(person: int) -> NewEvent:
    document = ContactDocument("1", "A", str(person), Person(f"Person {person}"))
    return NewEvent(stream(person), 1, ContactRecorded(document), ON, "a", "b", "c")


def site_of(house: House) -> Site:
    folder = house.settings.home / "ledger"
    folder.mkdir()
    return Site(house.database, house.tenant, folder)
