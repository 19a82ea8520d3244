"""Reading one state of the database through several statements."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection, IsolationLevel


@contextmanager
def at_one_moment(connection: Connection[Any]) -> Generator[None]:
    """Read one state of the database, which no rebuild swaps away meanwhile."""
    usual = connection.isolation_level
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    try:
        with connection.transaction():
            connection.execute("LOCK TABLE cursors IN ACCESS SHARE MODE")
            yield
    finally:
        connection.isolation_level = usual
