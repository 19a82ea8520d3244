"""Numbered SQL files, each run once and in order, whoever starts first."""

import hashlib
import re
from pathlib import Path

import psycopg
from psycopg import sql

MIGRATIONS = Path(__file__).parent.parent / "migrations"

_LOCK = 7410
_NAME = re.compile(r"(\d{4})_\w+\.sql")


class MigrationError(Exception):
    """The schema cannot be brought up to date; the message says why."""


def migrate(url: str, folder: Path = MIGRATIONS) -> list[str]:
    """Run what has not been run of the migrations in `folder`; return their names.

    Each runs in a transaction of its own together with the note that it ran; a lock keeps others
    waiting meanwhile.

    Raises:
        MigrationError: if a file that ran has changed since, or the database is newer.
    """
    files = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET search_path = public")
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS public.schema_migrations ("
            " number integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
        )
        done = {
            number: (name, sha256)
            for number, name, sha256 in connection.execute(
                "SELECT number, name, sha256 FROM public.schema_migrations"
            )
        }
        known = {int(path.name[:4]) for path in files}
        if newer := sorted(set(done) - known):
            raise MigrationError(
                f"The database is newer than this program: it has migration {done[newer[0]][0]}."
            )
        applied: list[str] = []
        for path in files:
            number, content = int(path.name[:4]), path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            if number in done:
                if done[number][1] != digest:
                    raise MigrationError(f"{path.name} has changed since it was run.")
                continue
            with connection.transaction():
                connection.execute("SET LOCAL search_path = public")
                connection.execute(sql.SQL(content.decode()))  # pyright: ignore[reportArgumentType]
                connection.execute(
                    "INSERT INTO public.schema_migrations (number, name, sha256)"
                    " VALUES (%s, %s, %s)",
                    (number, path.name, digest),
                )
            connection.execute("SET search_path = public")
            applied.append(path.name)
        return applied
