"""What an import needs of the database, set by set: a lock, manifests and appends.

All on connections of the worker role, which may COPY. A manifest holds two hashes of every
source row as last loaded, so that the next export is compared without reading the log; it only
narrows what is looked at, and is saved after the events it speaks of.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from psycopg import Connection, errors

from eventstore.event_copy import EncodedEvents
from eventstore.log import Appended, History, NewEvent
from eventstore.postgres import copy_events, encode_ahead, load_histories, read_head

Hashes = npt.NDArray[np.uint64]

_LOCK_CLASS = 7413
_LOCK_SECONDS_MAX = 1
BLOCKS = 256
"""A manifest is kept in blocks by the first byte of the key's hash."""

StagedAmount: TypeAlias = tuple[int, str | None, str | None, Decimal, Decimal | None]
"""The hash of a document's key, its company and customer, an amount of it, its balance if told."""

_HALF = 1 << 63
"""What takes an unsigned hash into the range of a bigint."""


class StagedBalances:
    """What an export says of documents' balances, put together in a table of the connection."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        connection.execute(
            "CREATE TEMPORARY TABLE staged_balances (document bigint, company_id text,"
            " cust_id text, amount numeric, balance numeric)"
        )

    def stage(self, amounts: Iterable[StagedAmount]) -> None:
        """Add amounts; those of documents that no row tells the customer of come to nothing."""
        with self._connection.cursor().copy("COPY staged_balances FROM STDIN") as copy:
            for document, *told in amounts:
                copy.write_row((document - _HALF, *told))

    def open_accounts(self) -> Iterator[tuple[str, str]]:
        """Yield the accounts, by company and customer, that have a document with a balance.

        The balance is the one that is told, else the sum of the document's amounts.
        """
        yield from self._connection.execute(
            "SELECT DISTINCT company_id, cust_id FROM (SELECT max(company_id) AS company_id,"
            " max(cust_id) AS cust_id FROM staged_balances GROUP BY document"
            " HAVING coalesce(sum(balance), sum(amount)) <> 0) AS documents"
            " WHERE cust_id IS NOT NULL"
        )

    def close(self) -> None:
        """Drop the table."""
        self._connection.execute("DROP TABLE staged_balances")


class ImportSession:
    """One import of one tenant: reads on one connection, appends on another.

    Appends do not wait for the disk; whoever is answered waits for `flush`. What a crash of the
    server takes back are the last of them, which the next import finds missing. `appended` is
    called after each append, on the thread that appended.
    """

    def __init__(
        self,
        reading: Connection[Any],
        appending: Connection[Any],
        tenant: int,
        appended: Callable[[], None] = lambda: None,
    ) -> None:
        self._reading = reading
        self._appending = appending
        self._appended = appended
        self.tenant = tenant
        appending.execute("SET synchronous_commit = off")

    def try_lock(self) -> bool:
        """Become the tenant's only import; the lock goes with the connection.

        It waits a moment, as the server may not have seen yet that a process was killed.
        """
        self._reading.execute(f"SET lock_timeout = '{_LOCK_SECONDS_MAX:d}s'".encode())
        try:
            self._reading.execute("SELECT pg_advisory_lock(%s, %s)", (_LOCK_CLASS, self.tenant))
        except errors.LockNotAvailable:
            return False
        finally:
            self._reading.execute("RESET lock_timeout")
        return True

    def unlock(self) -> None:
        """Let another import of the tenant begin."""
        self._reading.execute("SELECT pg_advisory_unlock(%s, %s)", (_LOCK_CLASS, self.tenant))

    def load(self, streams: Sequence[str]) -> dict[str, History]:
        """Return the histories of `streams`; one that has no events is left out."""
        return load_histories(self._reading, self.tenant, streams)

    def load_for_append(self, streams: Sequence[str]) -> dict[str, History]:
        """Return histories on the connection that appends, for deciding anew there."""
        return load_histories(self._appending, self.tenant, streams)

    def streams_of(self, category: str) -> list[str]:
        """Return the names of all streams of a category."""
        rows = self._reading.execute(
            "SELECT stream FROM events"
            " WHERE tenant = %s AND stream >= %s AND stream < %s AND version = 1",
            (self.tenant, f"{category}/", f"{category}0"),
        )
        return [row[0] for row in rows]

    def existing(self, streams: Sequence[str]) -> set[str]:
        """Return which of `streams` have events."""
        rows = self._reading.execute(
            "SELECT stream FROM events WHERE tenant = %s AND stream = ANY(%s) AND version = 1",
            (self.tenant, list(streams)),
        )
        return {row[0] for row in rows}

    @contextmanager
    def balances(self) -> Generator[StagedBalances]:
        """Put balances of documents together while the context lasts."""
        staged = StagedBalances(self._reading)
        try:
            yield staged
        finally:
            staged.close()

    def encode(self, batch: Sequence[NewEvent]) -> EncodedEvents | None:
        """Return a batch as it is appended, if that can be done before."""
        return encode_ahead(self.tenant, batch)

    def append(self, batch: Sequence[NewEvent], encoded: EncodedEvents | None = None) -> Appended:
        """Append a batch, which may be encoded before, by COPY in a transaction of its own."""
        with self._appending.transaction():
            appended = copy_events(self._appending, self.tenant, batch, encoded)
        self._appended()
        return appended

    def flush(self) -> None:
        """Wait until all that was appended is on disk."""
        with self._appending.transaction():
            self._appending.execute("SET LOCAL synchronous_commit = on")
            # A commit waits for all that was written before it, if it wrote something itself.
            self._appending.execute("SELECT pg_logical_emit_message(true, 'import', 'flush')")

    def head(self) -> int:
        """Return the last position of the log."""
        return read_head(self._reading, self.tenant).position

    def manifest(self, kind: str) -> tuple[Hashes, Hashes]:
        """Return the hashes of the keys of a kind's rows, sorted, and those of their contents."""
        rows = self._reading.execute(
            "SELECT entries FROM sync_manifests WHERE tenant = %s AND kind = %s ORDER BY block",
            (self.tenant, kind),
            binary=True,
        )
        entries = np.frombuffer(b"".join(row[0] for row in rows), dtype="<u8").reshape(-1, 2)
        return np.ascontiguousarray(entries[:, 0]), np.ascontiguousarray(entries[:, 1])

    def save_manifest(
        self, kind: str, keys: Hashes, contents: Hashes, changed: Sequence[int]
    ) -> None:
        """Save the changed blocks of a manifest whose keys are sorted."""
        starts = np.searchsorted(keys, np.arange(BLOCKS, dtype=np.uint64) << np.uint64(56))
        ends = [*starts[1:].tolist(), len(keys)]
        with self._appending.transaction():
            for block in changed:
                span = slice(int(starts[block]), ends[block])
                entries = np.stack((keys[span], contents[span]), axis=1).astype("<u8").tobytes()
                self._appending.execute(
                    "INSERT INTO sync_manifests VALUES (%s, %s, %s, %s)"
                    " ON CONFLICT (tenant, kind, block) DO UPDATE SET entries = excluded.entries",
                    (self.tenant, kind, block, entries),
                    binary=True,
                )
