"""Works the whole tree out anew from the log, and finds the first event that is not as it was."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct
from psycopg import Connection

from eventstore.proofs.merkle import Frontier, Hash, root_of
from eventstore.proofs.notes import Checkpoint
from eventstore.proofs.tiles import (
    HASH_BYTES,
    HEIGHT,
    WIDTH,
    LeafTile,
    Tree,
    first_gap,
    read_leaves,
)

PAGE_EVENTS = 80 * WIDTH


class Finding(Struct, frozen=True):
    """The first position at which the log is not what was sealed, and how that shows."""

    position: int
    reason: str


class Verified(Struct, frozen=True):
    """How many events were looked at, the root over them, and what is wrong if anything is."""

    size: int
    root: Hash
    finding: Finding | None


class _Found(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.reason)
        self.finding = finding


def verify(
    connection: Connection[Any],
    tenant: int,
    name: str,
    checkpoints: Sequence[Checkpoint] = (),
    progress: Callable[[int], None] = lambda _size: None,
) -> Verified:
    """Hash every event of a tenant's log and compare it with its tree and with checkpoints.

    Checkpoints are those of an outsider, or those that were given out; whoever rewrites events and
    tree together is exposed by them. Events that are not sealed yet are counted, and can only be
    seen to follow each other.
    """
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        verification = _Verification(connection, tenant, checkpoints)
        try:
            for page in _pages(connection, tenant, name, progress):
                verification.add(page)
            verification.end(_head(connection, tenant))
        except _Found as found:
            return Verified(verification.size, verification.root, found.finding)
        return Verified(verification.size, verification.root, None)


class _Read(NamedTuple):
    """Leaves of a tile, and their root if they are all of it."""

    tile: LeafTile
    root: Hash | None


def _pages(
    connection: Connection[Any], tenant: int, name: str, progress: Callable[[int], None]
) -> Iterator[list[_Read]]:
    row = connection.execute(
        "SELECT max(position) FROM public.events WHERE tenant = %s", (tenant,)
    ).fetchone()
    last = (row and row[0]) or 0
    for after in range(0, last, PAGE_EVENTS):
        until = min(after + PAGE_EVENTS, last)
        yield [
            _Read(tile, root_of(tile.leaves) if len(tile.leaves) == WIDTH else None)
            for tile in read_leaves(connection, tenant, name, after, until)
        ]
        progress(until)


def _head(connection: Connection[Any], tenant: int) -> int:
    row = connection.execute(
        "SELECT position FROM public.heads WHERE tenant = %s", (tenant,)
    ).fetchone()
    return row[0] if row else 0


class _Verification:
    """The tree as it grows from the events, beside the one that is kept."""

    def __init__(
        self, connection: Connection[Any], tenant: int, checkpoints: Sequence[Checkpoint]
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._tree = Tree(connection, tenant)
        self._sealed = self._tree.size
        self._waiting = sorted(checkpoints, key=lambda one: one.size)
        self._agreed = 0
        self._frontier = Frontier()
        self._levels: list[list[Hash]] = []
        self._last: datetime | None = None

    @property
    def size(self) -> int:
        """How many events were found to follow each other."""
        return self._frontier.size

    @property
    def root(self) -> Hash:
        """The root over them."""
        return self._frontier.root

    def add(self, page: Sequence[_Read]) -> None:
        """Take the next tiles of leaves; all but the last hold as many as a tile has."""
        self._tree.read_ahead(page[0].tile.after, page[-1].tile.until)
        for read in page:
            self._add_tile(read)
        self._tree.forget()

    def _add_tile(self, read: _Read) -> None:
        tile = read.tile
        fault = self._first_fault(tile)
        if fault is None:
            self._add_leaves(tile.leaves, read.root)
            self._last = tile.latest
            return
        self._add_leaves(tile.leaves[: fault.position - 1 - tile.after], None)
        raise _Found(fault)

    def _first_fault(self, tile: LeafTile) -> Finding | None:
        """Return where an event is missing, or is said to come before the one in front of it."""
        until, faults = tile.until, list[Finding]()
        if not tile.is_whole:
            gap = first_gap(self._connection, self._tenant, tile.after, until)
            assert gap is not None
            faults.append(Finding(gap, "It is missing."))
            until = gap - 1
        is_risen = self._last is None or tile.earliest is None or self._last <= tile.earliest
        if tile.earliest != tile.latest or not is_risen:
            earlier = _first_earlier(self._connection, self._tenant, tile.after, until)
            if earlier is not None:
                reason = "It is said to be recorded before the event in front of it."
                faults.append(Finding(earlier, reason))
        return min(faults, key=lambda one: one.position, default=None)

    def _add_leaves(self, leaves: Sequence[Hash], root: Hash | None) -> None:
        """Take leaves, and their root if they are all of a tile."""
        start = self.size
        self._compare_tile(0, start // WIDTH, leaves)
        while self._waiting and self._waiting[0].size <= start + len(leaves):
            checkpoint = self._waiting.pop(0)
            self._add_singly(leaves[self.size - start : checkpoint.size - start])
            self._compare_checkpoint(checkpoint)
        if root is None or self.size != start:
            self._add_singly(leaves[self.size - start :])
        else:
            self._frontier.add(HEIGHT, root)
        if root is not None:
            self._add_root(1, root)

    def _add_singly(self, leaves: Sequence[Hash]) -> None:
        for leaf in leaves:
            self._frontier.add(0, leaf)

    def _add_root(self, level: int, found: Hash) -> None:
        """Take the root of a full tile of the level below."""
        while len(self._levels) < level:
            self._levels.append([])
        roots = self._levels[level - 1]
        roots.append(found)
        if len(roots) == WIDTH:
            number = (self.size >> (HEIGHT * (level + 1))) - 1
            self._compare_tile(level, number, roots)
            self._add_root(level + 1, root_of(roots))
            roots.clear()

    def _compare_tile(self, level: int, number: int, hashes: Sequence[Hash]) -> None:
        """Compare hashes with those that are kept of them."""
        first = number * WIDTH
        kept = min(len(hashes), (self._sealed >> (HEIGHT * level)) - first)
        if kept <= 0:
            return
        tile = self._tree.tile(level, number)
        if tile[: kept * HASH_BYTES] == b"".join(hashes[:kept]):
            return
        place = next(
            place
            for place, one in enumerate(hashes)
            if tile[place * HASH_BYTES : (place + 1) * HASH_BYTES] != one
        )
        position = ((first + place) << (HEIGHT * level)) + 1
        missing = len(tile) <= place * HASH_BYTES
        if missing:
            reason = "Its hash, which was sealed, is missing."
        elif level:
            reason = "A hash of the tree over it and those that follow is not the one of them."
        else:
            reason = "It is not the event that was sealed here."
        raise _Found(Finding(position, reason))

    def _compare_checkpoint(self, checkpoint: Checkpoint) -> None:
        if self.root != checkpoint.root:
            span = f"events {self._agreed + 1:,} to {checkpoint.size:,}"
            reason = f"The checkpoint at {checkpoint.size:,} signed another history of {span}."
            raise _Found(Finding(self._agreed + 1, reason))
        self._agreed = checkpoint.size

    def end(self, head: int) -> None:
        """Compare what the log ends with, after the last page."""
        while self._waiting and self._waiting[0].size <= self.size:
            self._compare_checkpoint(self._waiting.pop(0))
        for level, roots in enumerate(self._levels, 1):
            self._compare_tile(level, self.size >> (HEIGHT * (level + 1)), roots)
        missing = self.size + 1
        if self._sealed > self.size:
            raise _Found(Finding(missing, f"It is missing; {self._sealed:,} events were sealed."))
        if head > self.size:
            raise _Found(Finding(missing, f"It is missing; the log says it ends at {head:,}."))
        if head < self.size:
            raise _Found(Finding(head + 1, f"It was inserted; the log says it ends at {head:,}."))
        if self._waiting:
            size = self._waiting[0].size
            raise _Found(Finding(missing, f"It is missing; a checkpoint was signed at {size:,}."))


def _first_earlier(connection: Connection[Any], tenant: int, after: int, until: int) -> int | None:
    """Return the first position after one, up to another, recorded before the one in front."""
    row = connection.execute(
        "SELECT position FROM (SELECT position, recorded_at,"
        " lag(recorded_at) OVER (ORDER BY position) AS before FROM public.events"
        " WHERE tenant = %s AND position >= %s AND position <= %s) AS pairs"
        " WHERE recorded_at < before ORDER BY position LIMIT 1",
        (tenant, after, until),
    ).fetchone()
    return row[0] if row else None
