"""Whatever is copied of a database after an erasure, nothing of the persons is in it."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psycopg import Connection

from runtime.audit_export import Selection, export_log
from runtime.audit_keys import audit_keys
from runtime.embedded import programs
from runtime.replay_files import Form, write_replay
from runtime.replaying import make_replay, replayed
from tests.runtime.erasing import PERSONS, dumped, files_with
from tests.runtime.house import House, site_of

PG_DUMP = programs() / "pg_dump"


def backup(house: House) -> bytes:
    """A backup of all that there is, with what the planner knows of it."""
    url = house.settings.database_url
    assert url is not None
    done = subprocess.run(
        [PG_DUMP, "--statistics", "--inserts", url],
        capture_output=True,
        check=False,
        env=os.environ | {"LC_ALL": "C"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def copied(owner: Connection[Any]) -> bytes:
    """Every table of every schema, as COPY writes it, and what the planner knows of them."""
    tables = owner.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'm', 'p')"
        " AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
    ).fetchall()
    assert len({schema for schema, _ in tables}) >= 2
    return b"".join(dumped(owner, schema, name) for schema, name in tables) + planned(owner)


def planned(owner: Connection[Any]) -> bytes:
    """The samples that the planner keeps."""
    with owner.cursor().copy("COPY pg_catalog.pg_statistic TO STDOUT") as copy:
        return b"".join(bytes(one) for one in copy)


def found(secrets: Mapping[str, str], told: bytes) -> list[str]:
    """Whose secrets are told, as text or as bytes in hexadecimal digits."""
    return [
        person
        for person, secret in secrets.items()
        if secret.encode() in told or secret.encode().hex().encode() in told
    ]


def test_backups_made_later_hold_nothing_of_persons(house: House, tmp_path: Path) -> None:
    site = site_of(house)
    site.sync(f"too {site.secrets[PERSONS[0]]}")
    site.fold()
    everybody = list(PERSONS)
    with house.database.connect("owner") as owner:
        position = site.with_log(lambda log: log.head()).position
        make_replay(house.database, house.tenant, position, "before")
        owner.execute("ANALYZE")
        assert found(site.secrets, copied(owner)) == everybody
        assert found(site.secrets, backup(house)) == everybody
        statistics = planned(owner)
        assert found(site.secrets, statistics) == []
        assert b"Acme" in statistics or b"ACME" in statistics

        for person in PERSONS:
            site.erase(person)
        site.fold()

        assert found(site.secrets, copied(owner)) == []
        assert found(site.secrets, backup(house)) == []

        make_replay(house.database, house.tenant, position, "past")
        past = replayed(house.database, house.tenant, "past")
        for form in Form:
            write_replay(past, tmp_path / form, form)
            for secret in site.secrets.values():
                assert files_with(tmp_path / form, secret) == []
        assert found(site.secrets, copied(owner)) == []
        with house.database.connect("worker") as worker:
            keys = audit_keys(house.settings)
            folder = tmp_path / "export"
            export_log(worker, house.settings, house.tenant, keys, folder, Selection())
        for secret in site.secrets.values():
            assert files_with(folder, secret) == []
