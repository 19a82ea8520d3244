"""Files that events refer to: kept beside the log, once for each content, never changed."""

from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from eventstore.postgres import bind_tenant

FILE_BYTES_MAX = 64 * 2**20


class FileTooLarge(Exception):
    """A file has more bytes than are kept."""


def store_file(pool: ConnectionPool[Connection[Any]], tenant: int, content: bytes) -> str:
    """Keep a file; return the SHA-256 of its bytes, under which it is found again.

    Whoever refers to it appends the event after this, so that no event names a file that is not
    there.

    Raises:
        FileTooLarge: if it has more than `FILE_BYTES_MAX` bytes.
    """
    if len(content) > FILE_BYTES_MAX:
        raise FileTooLarge(f"Files have {FILE_BYTES_MAX:,} bytes at most, not {len(content):,}.")
    with pool.connection() as connection:
        bind_tenant(connection, tenant)
        statement = "SELECT public.store_file(%s, %s)"
        row = connection.execute(statement, (tenant, content)).fetchone()
    assert row is not None
    return row[0]
