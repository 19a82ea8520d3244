"""Works the whole tree out anew from the log, and finds the first event that is not as it was."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct
from psycopg import Connection

from eventstore.proofs.leaves import read_lines
from eventstore.proofs.merkle import Frontier, Hash, leaf_hash, root_of
from eventstore.proofs.notes import Checkpoint
from eventstore.proofs.tiles import HASH_BYTES, HEIGHT, WIDTH, Tree

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
    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason)
        self.finding = Finding(position, reason)


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
        verification = _Verification(Tree(connection, tenant), checkpoints)
        try:
            for page in _pages(connection, tenant, name, progress):
                verification.add(page)
            verification.end(_head(connection, tenant))
        except _Found as found:
            return Verified(verification.size, verification.root, found.finding)
        return Verified(verification.size, verification.root, None)


class _Leaf(NamedTuple):
    """Where an event is, when it was recorded, and its hash."""

    position: int
    recorded_at: datetime
    hash: Hash


def _pages(
    connection: Connection[Any], tenant: int, name: str, progress: Callable[[int], None]
) -> Iterator[list[_Leaf]]:
    which = "FROM public.events WHERE tenant = %s AND position > %s ORDER BY position LIMIT %s"
    after = 0
    while True:
        lines = read_lines(connection, name, which, (tenant, after, PAGE_EVENTS))
        page = [_Leaf(position, at, leaf_hash(line)) for position, at, line in lines]
        if not page:
            return
        yield page
        after = page[-1].position
        progress(after)


def _head(connection: Connection[Any], tenant: int) -> int:
    row = connection.execute(
        "SELECT position FROM public.heads WHERE tenant = %s", (tenant,)
    ).fetchone()
    return row[0] if row else 0


class _Verification:
    """The tree as it grows from the events, beside the one that is kept."""

    def __init__(self, tree: Tree, checkpoints: Sequence[Checkpoint]) -> None:
        self._tree = tree
        self._sealed = tree.size
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

    def add(self, page: Sequence[_Leaf]) -> None:
        """Take a page, of which all but the last have a multiple of a tile's leaves."""
        page, torn = _following(page, self.size + 1)
        self._compare_moments(page)
        leaves = [one.hash for one in page]
        for start in range(0, len(leaves), WIDTH):
            self._add_leaves(leaves[start : start + WIDTH])
        if torn is not None:
            raise _Found(*torn)

    def _compare_moments(self, page: Sequence[_Leaf]) -> None:
        for one in page:
            if self._last is not None and one.recorded_at < self._last:
                reason = "It is said to be recorded before the event in front of it."
                raise _Found(one.position, reason)
            self._last = one.recorded_at

    def _add_leaves(self, leaves: Sequence[Hash]) -> None:
        start = self.size
        self._compare_tile(0, start // WIDTH, leaves)
        while self._waiting and self._waiting[0].size <= start + len(leaves):
            checkpoint = self._waiting.pop(0)
            self._add_singly(leaves[self.size - start : checkpoint.size - start])
            self._compare_checkpoint(checkpoint)
        if len(leaves) < WIDTH:
            self._add_singly(leaves[self.size - start :])
            return
        found = root_of(leaves)
        if self.size == start:
            self._frontier.add(HEIGHT, found)
        else:
            self._add_singly(leaves[self.size - start :])
        self._add_root(1, found)

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
            self._tree.forget()
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
        raise _Found(position, reason)

    def _compare_checkpoint(self, checkpoint: Checkpoint) -> None:
        if self.root != checkpoint.root:
            span = f"events {self._agreed + 1:,} to {checkpoint.size:,}"
            reason = f"The checkpoint at {checkpoint.size:,} signed another history of {span}."
            raise _Found(self._agreed + 1, reason)
        self._agreed = checkpoint.size

    def end(self, head: int) -> None:
        """Compare what the log ends with, after the last page."""
        while self._waiting and self._waiting[0].size <= self.size:
            self._compare_checkpoint(self._waiting.pop(0))
        for level, roots in enumerate(self._levels, 1):
            self._compare_tile(level, self.size >> (HEIGHT * (level + 1)), roots)
        missing = self.size + 1
        if self._sealed > self.size:
            raise _Found(missing, f"It is missing; {self._sealed:,} events were sealed.")
        if head > self.size:
            raise _Found(missing, f"It is missing; the log says it ends at {head:,}.")
        if head < self.size:
            raise _Found(head + 1, f"It was inserted; the log says it ends at {head:,}.")
        if self._waiting:
            size = self._waiting[0].size
            raise _Found(missing, f"It is missing; a checkpoint was signed at {size:,}.")


def _following(page: Sequence[_Leaf], first: int) -> tuple[Sequence[_Leaf], tuple[int, str] | None]:
    """Return the leaves up to where a position is missing or repeated, and what is wrong there."""
    if not page or page[-1].position == first + len(page) - 1:
        return page, None
    place = next(place for place, one in enumerate(page) if one.position != first + place)
    return page[:place], (first + place, "It is missing.")
