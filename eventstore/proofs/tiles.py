"""Where the tree of a log is kept: tiles of 256 hashes, each full once and then never changed.

Tile n of level 0 holds the leaves from 256 n on, tile n of level L the roots over 256**L leaves
each (C2SP tlog-tiles). The root of any full subtree is worked out of one tile, so that a proof
about a log of any size reads a handful. Sealing adds leaves for the events that are new, in one
transaction with the size, so that whoever is cut off goes on where the tree ends.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection, sql

from domain.shared.decider import Refused
from eventstore.proofs.leaves import line_of
from eventstore.proofs.merkle import Hash, leaf_hashes, root, root_of

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
    size: int, leaves: Iterable[Hash], tile: Callable[[int, int], bytes]
) -> Iterator[tuple[int, int, bytes]]:
    """Yield the tiles, with level and number, that change when a tree of a size gets leaves.

    `tile` gives a tile that is not full yet as it was; it is not called while leaves come.
    """
    level, added = 0, leaves
    while True:
        number, kept = divmod(size >> (HEIGHT * level), WIDTH)
        entries = hashes_of(tile(level, number)) if kept else []
        full: list[Hash] = []
        for one in added:
            entries.append(one)
            if len(entries) == WIDTH:
                yield level, number, b"".join(entries)
                full.append(root_of(entries))
                number, kept, entries = number + 1, 0, []
        if len(entries) > kept:
            yield level, number, b"".join(entries)
        if not full:
            return
        level, added = level + 1, full


class LeafTile(NamedTuple):
    """The leaves of a tile, or of the part of it that was asked for, and when they came.

    They are those after one position up to another, and fewer if some are missing.
    """

    after: int
    until: int
    leaves: list[Hash]
    earliest: datetime | None
    latest: datetime | None

    @property
    def is_whole(self) -> bool:
        """Whether there is an event for each position."""
        return len(self.leaves) == self.until - self.after


_LINES_BY_TILE = """
    SELECT greatest(tile * {width}, %(after)s), least((tile + 1) * {width}, %(until)s), lines.*
    FROM generate_series(%(after)s::bigint / {width}, (%(until)s::bigint - 1) / {width}) AS tile
    CROSS JOIN LATERAL (
        SELECT array_agg({line} ORDER BY position), min(recorded_at), max(recorded_at)
        FROM public.events
        WHERE tenant = %(tenant)s AND position > greatest(tile * {width}, %(after)s)
            AND position <= least((tile + 1) * {width}, %(until)s)
    ) AS lines"""
"""A nested loop gives them in order; to sort them would have the first wait for the last."""


def read_leaves(
    connection: Connection[Any], tenant: int, name: str, after: int, until: int
) -> Iterator[LeafTile]:
    """Yield the leaves of a log after one position up to another, tile by tile.

    A tile's lines are hashed here while PostgreSQL writes those of the next: it may be built
    without a fast hash. The connection is at it until the last one has come.
    """
    if after == until:
        return
    statement = sql.SQL(_LINES_BY_TILE).format(width=sql.Literal(WIDTH), line=line_of(name))
    told = {"tenant": tenant, "after": after, "until": until}
    reached = after
    for one in connection.cursor().stream(statement, told, binary=True):
        start, end, lines, earliest, latest = one
        assert start == reached, "tiles come in order"
        reached = end
        yield LeafTile(start, end, leaf_hashes(lines or ()), earliest, latest)


def first_gap(connection: Connection[Any], tenant: int, after: int, until: int) -> int | None:
    """Return the first position after one, up to another, that has no event."""
    rows = connection.execute(
        "SELECT position FROM public.events WHERE tenant = %s AND position > %s"
        " AND position <= %s ORDER BY position",
        (tenant, after, until),
    ).fetchall()
    expected = after + 1
    for (position,) in rows:
        if position != expected:
            break
        expected += 1
    return expected if expected <= until else None


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

    def read_ahead(self, after: int, until: int) -> None:
        """Remember the tiles of the leaves after a size up to another, which are to be read."""
        for number, hashes in self._connection.execute(
            "SELECT tile, hashes FROM public.tree_tiles"
            " WHERE tenant = %s AND level = 0 AND tile BETWEEN %s AND %s",
            (self._tenant, after // WIDTH, (until - 1) // WIDTH),
            binary=True,
        ):
            self._tiles[0, number] = hashes

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
            "SELECT tree.size, t.name, coalesce(head.position, 0) FROM public.trees tree"
            " JOIN public.tenants t USING (tenant) LEFT JOIN public.heads head USING (tenant)"
            " WHERE tenant = %s FOR UPDATE OF tree",
            (tenant,),
        ).fetchone()
        assert row is not None
        size, name, head = row
        until = max(size, min(head, size + limit))
        tiles, sealed = _added(connection, tenant, name, size, until)
        if sealed < until:
            gap = first_gap(connection, tenant, sealed, until)
            assert gap is not None
            if gap == size + 1:
                raise LogTorn(gap)
            tiles, sealed = _added(connection, tenant, name, size, gap - 1)
        _store(connection, tenant, size, tiles)
        connection.execute("UPDATE public.trees SET size = %s WHERE tenant = %s", (sealed, tenant))
        return sealed - size


def _added(
    connection: Connection[Any], tenant: int, name: str, size: int, until: int
) -> tuple[list[tuple[int, int, bytes]], int]:
    """Return the tiles that change by the events up to a position, and how far they reach.

    They end in front of a tile in which an event is missing.
    """
    reached = size

    def leaves() -> Iterator[Hash]:
        nonlocal reached
        for tile in read_leaves(connection, tenant, name, size, until):
            if tile.after == reached and tile.is_whole:
                reached = tile.until
                yield from tile.leaves

    tiles = list(grown(size, leaves(), Tree(connection, tenant).tile))
    return tiles, reached


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
