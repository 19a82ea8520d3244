"""What an import needs of the database, set by set: a lock, manifests and appends.

All on connections of the worker role, which may COPY. A manifest holds two hashes of every
source row as last loaded, so that the next export is compared without reading the log; it only
narrows what is looked at, and is saved after the events it speaks of.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg import Connection, errors

from eventstore.log import Appended, History, NewEvent
from eventstore.postgres import copy_events, load_histories, read_head

Hashes = npt.NDArray[np.uint64]

_LOCK_CLASS = 7413
_LOCK_SECONDS_MAX = 1
BLOCKS = 256
"""A manifest is kept in blocks by the first byte of the key's hash."""


class ImportSession:
    """One import of one tenant: reads on one connection, appends on another.

    `appended` is called after each append, on the thread that appended.
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

    def append(self, batch: Sequence[NewEvent]) -> Appended:
        """Append a batch by COPY in a transaction of its own."""
        with self._appending.transaction():
            appended = copy_events(self._appending, self.tenant, batch)
        self._appended()
        return appended

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
