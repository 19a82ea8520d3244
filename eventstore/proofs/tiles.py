"""Where the tree of a log is kept: tiles of 256 hashes, each full once and then never changed.

Tile n of level 0 holds the leaves from 256 n on, tile n of level L the roots over 256**L leaves
each (C2SP tlog-tiles). The root of any full subtree is worked out of one tile, so that a proof
about a log of any size reads a handful. Sealing adds leaves for the events that are new, in one
transaction with the size, so that whoever is cut off goes on where the tree ends.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from psycopg import Connection

from domain.shared.decider import Refused
from eventstore.proofs.leaves import read_lines
from eventstore.proofs.merkle import Hash, leaf_hash, root, root_of

HEIGHT = 8
"""A tile stands for subtrees of up to 2**HEIGHT nodes."""

WIDTH = 1 << HEIGHT
HASH_BYTES = 32

TILES_REMEMBERED_MAX = 1_024
"""8 MiB of tiles."""

SEALED_EVENTS_MAX = 20_480
"""Events sealed in one transaction at most."""


class LogTorn(Refused):
    """A position of the log has no event, so that nothing after it can be sealed."""

    def __init__(self, position: int) -> None:
        super().__init__("log_torn", f"The log has no event at position {position}.")


def hashes_of(tile: bytes) -> list[Hash]:
    """Return the hashes of a tile."""
    return [tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES)]


def grown(
    size: int, leaves: Sequence[Hash], tile: Callable[[int, int], bytes]
) -> Iterator[tuple[int, int, bytes]]:
    """Yield the tiles, with level and number, that change when a tree of a size gets leaves.

    `tile` gives a tile that is not full yet as it was.
    """
    level, added = 0, list(leaves)
    while added:
        number, taken = divmod(size >> (HEIGHT * level), WIDTH)
        before = hashes_of(tile(level, number)) if taken else []
        entries, added = [*before, *added], list[Hash]()
        for start in range(0, len(entries), WIDTH):
            chunk = entries[start : start + WIDTH]
            yield level, number + start // WIDTH, b"".join(chunk)
            if len(chunk) == WIDTH:
                added.append(root_of(chunk))
        level += 1


class Tree:
    """The tree of a tenant's log as it is kept; what was read is remembered."""

    def __init__(self, connection: Connection[Any], tenant: int) -> None:
        self._connection = connection
        self._tenant = tenant
        self._tiles: dict[tuple[int, int], bytes] = {}

    @property
    def size(self) -> int:
        """How many events are sealed."""
        row = self._connection.execute(
            "SELECT size FROM public.trees WHERE tenant = %s", (self._tenant,)
        ).fetchone()
        return row[0] if row else 0

    def tile(self, level: int, number: int) -> bytes:
        """Return a tile as it is; empty if there is none."""
        found = self._tiles.get((level, number))
        if found is None:
            row = self._connection.execute(
                "SELECT hashes FROM public.tree_tiles"
                " WHERE tenant = %s AND level = %s AND tile = %s",
                (self._tenant, level, number),
                binary=True,
            ).fetchone()
            if len(self._tiles) >= TILES_REMEMBERED_MAX:
                self._tiles.clear()
            found = self._tiles[level, number] = row[0] if row else b""
        return found

    def forget(self) -> None:
        """Forget what was read, for who reads all of it once."""
        self._tiles.clear()

    def subtree(self, start: int, height: int) -> Hash:
        """Return the root of a full subtree.

        Raises:
            LookupError: if the tree does not reach so far.
        """
        level, within = divmod(height, HEIGHT)
        number, place = divmod(start >> (HEIGHT * level), WIDTH)
        span = slice(place * HASH_BYTES, (place + (1 << within)) * HASH_BYTES)
        hashes = hashes_of(self.tile(level, number)[span])
        if len(hashes) != 1 << within:
            raise LookupError(f"The tree has no {1 << height} leaves from {start} on.")
        return root_of(hashes)

    def root(self, size: int) -> Hash:
        """Return the root of the tree when it had a size.

        Raises:
            LookupError: if it does not reach so far.
        """
        return root(self.subtree, size)


def seal(connection: Connection[Any], tenant: int, limit: int = SEALED_EVENTS_MAX) -> int:
    """Add leaves for the next events of a tenant's log to its tree; return how many.

    Raises:
        LogTorn: if the event that comes next is missing.
    """
    with connection.transaction():
        # What a crash takes back is sealed anew, and a checkpoint's own commit waits for all of it.
        connection.execute("SET LOCAL synchronous_commit = off")
        connection.execute(
            "INSERT INTO public.trees (tenant) VALUES (%s) ON CONFLICT DO NOTHING", (tenant,)
        )
        row = connection.execute(
            "SELECT tree.size, t.name FROM public.trees tree JOIN public.tenants t USING (tenant)"
            " WHERE tenant = %s FOR UPDATE OF tree",
            (tenant,),
        ).fetchone()
        assert row is not None
        size, name = row
        lines = read_lines(
            connection,
            name,
            "FROM public.events WHERE tenant = %s AND position > %s"
            " AND position <= (SELECT position FROM public.heads WHERE tenant = %s)"
            " ORDER BY position LIMIT %s",
            (tenant, size, tenant, limit),
        )
        leaves: list[Hash] = []
        torn: int | None = None
        for place, (position, _, line) in enumerate(lines, size + 1):
            if torn is None and position != place:
                torn = place
            if torn is None:
                leaves.append(leaf_hash(line))
        if not leaves:
            if torn is not None:
                raise LogTorn(torn)
            return 0
        tiles = list(grown(size, leaves, Tree(connection, tenant).tile))
        _store(connection, tenant, size, tiles)
        connection.execute(
            "UPDATE public.trees SET size = %s WHERE tenant = %s", (size + len(leaves), tenant)
        )
        return len(leaves)


def _store(
    connection: Connection[Any], tenant: int, size: int, tiles: Sequence[tuple[int, int, bytes]]
) -> None:
    """Store the tiles that a tree of a size gets, and those that it has and that grew."""
    with connection.cursor().copy(
        "COPY public.tree_tiles (tenant, level, tile, hashes) FROM STDIN (FORMAT binary)"
    ) as copy:
        copy.set_types(["integer", "smallint", "bigint", "bytea"])
        for level, number, hashes in tiles:
            if number * WIDTH >= size >> (HEIGHT * level):
                copy.write_row((tenant, level, number, hashes))
    for level, number, hashes in tiles:
        if number * WIDTH < size >> (HEIGHT * level):
            connection.execute(
                "UPDATE public.tree_tiles SET hashes = %s"
                " WHERE tenant = %s AND level = %s AND tile = %s",
                (hashes, tenant, level, number),
            )
