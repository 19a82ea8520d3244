"""Rotation of the master key: another one becomes current, and all keys of persons come under it.

    new key in the settings --> current --> the keys of persons, page by page --> the old is dropped

The log is not touched. Each step is whole by itself and the next run goes on where one was killed:
the old key is known to the database, and needed at every start, until it wraps nothing and is
dropped. New keys of persons are wrapped by the current one from the moment on when it is that.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection, errors

from eventstore.encryption import rewrapped
from eventstore.masters import fingerprint_of, trust_master
from runtime.database import Database
from runtime.master_key import (
    VARIABLE,
    MasterKeyError,
    fingerprints,
    keys_of,
    new_key,
    place_of,
    write_keys,
)
from runtime.settings import Settings

REWRAPPED_MAX = 1_000
"""Keys of persons that are wrapped anew in one transaction; erasures of theirs wait for it."""

_LOCK = 7_419

_UNDER_OTHERS = """
    SELECT tenant, person, wrapped, master FROM public.person_keys
    WHERE (tenant, person) > (%s, %s) AND master <> %s
    ORDER BY tenant, person LIMIT %s FOR UPDATE
"""

_REWRAP = """
    UPDATE public.person_keys k SET wrapped = told.wrapped, master = %s
    FROM unnest(%s::integer[], %s::text[], %s::bytea[]) AS told (tenant, person, wrapped)
    WHERE k.tenant = told.tenant AND k.person = told.person
"""

_CHANGED = """
    INSERT INTO public.master_key_changes (changed_by, fingerprint, change, keys)
    VALUES (%s, %s, %s, %s)
"""

_STATUS = """
    SELECT m.fingerprint, m.current,
        (SELECT count(*) FROM public.person_keys k WHERE k.master = m.fingerprint),
        c.changed_at, c.changed_by
    FROM public.master_keys m LEFT JOIN LATERAL (
        SELECT changed_at, changed_by FROM public.master_key_changes
        WHERE fingerprint = m.fingerprint AND change = 'made current' ORDER BY number DESC LIMIT 1
    ) c ON true
    ORDER BY m.current DESC, c.changed_at DESC
"""


class InUse(Struct, frozen=True):
    """A master key of a database: how many keys of persons it wraps, since when, by whom."""

    fingerprint: str
    current: bool
    keys: int
    made_current_at: datetime
    made_current_by: str


class Rotated(Struct, frozen=True):
    """What a rotation did: which key is current, whether it became that now, what it wrapped."""

    fingerprint: str
    made_current: bool
    rewrapped: int


def in_use(database: Database) -> list[InUse]:
    """Return the master keys that wrap keys of a database, the current one first."""
    with database.connect("owner") as owner:
        rows = owner.execute(_STATUS).fetchall()
    return [InUse(bytes(row[0]).hex(), *row[1:]) for row in rows]


def prepare(database: Database, settings: Settings) -> str:
    """Put a new key into the file, for the next rotation; return its fingerprint.

    If there is one already, it stays. Nothing else changes.

    Raises:
        MasterKeyError: if the keys are in no file, or another rotation is under way.
    """
    with _alone(database) as owner:
        return _prepared(owner, settings).hex()


def _prepared(owner: Connection[Any], settings: Settings) -> bytes:
    keys, known = keys_of(settings), fingerprints(owner)
    fresh = fingerprint_of(keys[0])
    if fresh in _dropped(owner):
        raise MasterKeyError(
            f"The first key of {place_of(settings)} was dropped from this database before."
        )
    if fresh in known:
        if settings.master_key is not None:
            raise MasterKeyError(
                f"Set {VARIABLE} to a new key, a comma and the key so far, start every process"
                " with it, and rotate then."
            )
        keys.insert(0, new_key())
        write_keys(settings, keys)
        fresh = fingerprint_of(keys[0])
    trust_master(keys[0])
    return fresh


def rotate(
    database: Database,
    settings: Settings,
    by: str,
    progress: Callable[[int], None] = lambda _: None,
) -> Rotated:
    """Make a new master key current and wrap all keys of persons by it.

    If keys are left of a rotation before, it is finished and no other begun. `progress` is told
    how many keys each transaction wrapped.

    Raises:
        MasterKeyError: if there is no new key, or another rotation is under way.
        CannotOpen: if a key does not unwrap; it and those after it are left as they are.
    """
    with _alone(database) as owner:
        current = fingerprints(owner)[0]
        begins = not _is_left(owner, current)
        if begins:
            current = _prepared(owner, settings)
            with owner.transaction():
                owner.execute("UPDATE public.master_keys SET current = false WHERE current")
                owner.execute("INSERT INTO public.master_keys VALUES (%s, true)", (current,))
                owner.execute(_CHANGED, (by, current, "made current", None))
        count = 0
        while True:
            wrapped = _rewrap_all(owner, current, progress)
            if not wrapped:
                break
            count += wrapped  # who came meanwhile may have been wrapped by the key before
        owner.execute(_CHANGED, (by, current, "wraps all", count))
    return Rotated(current.hex(), begins, count)


def _rewrap_all(owner: Connection[Any], current: bytes, progress: Callable[[int], None]) -> int:
    count, last = 0, (-1, "")
    while True:
        with owner.transaction():
            rows = owner.execute(_UNDER_OTHERS, (*last, current, REWRAPPED_MAX)).fetchall()
            _rewrap(owner, current, rows)
        if not rows:
            return count
        last = (rows[-1][0], rows[-1][1])
        count += len(rows)
        progress(len(rows))


def _rewrap(owner: Connection[Any], current: bytes, rows: Sequence[Any]) -> None:
    wrapped = [
        rewrapped(tenant, person, bytes(told), bytes(master), current)
        for tenant, person, told, master in rows
    ]
    tenants, persons = [row[0] for row in rows], [row[1] for row in rows]
    owner.execute(_REWRAP, (current, tenants, persons, wrapped))


def drop_old(database: Database, settings: Settings, by: str) -> list[str]:
    """Forget the master keys that are not current; return the fingerprints of those.

    They go from the database, and from the file if the keys are in one. Killed in between, the
    next run does what is left.

    Raises:
        MasterKeyError: if one still wraps a key of a person, or a rotation is under way.
    """
    with _alone(database) as owner:
        _, *old = fingerprints(owner)
        try:
            with owner.transaction():
                for fingerprint in old:
                    owner.execute(
                        "DELETE FROM public.master_keys WHERE fingerprint = %s", (fingerprint,)
                    )
                    owner.execute(_CHANGED, (by, fingerprint, "dropped", None))
        except errors.ForeignKeyViolation as held:
            raise MasterKeyError(
                "Keys of persons are still wrapped by an old master key: rotate first, which goes"
                " on where it was."
            ) from held
        dropped = _dropped(owner)
        keys = keys_of(settings)
        kept = [key for key in keys if fingerprint_of(key) not in dropped]
        if settings.master_key is None and kept != keys:
            write_keys(settings, kept)
    return [one.hex() for one in old]


def _dropped(owner: Connection[Any]) -> set[bytes]:
    rows = owner.execute(
        "SELECT fingerprint FROM public.master_key_changes WHERE change = 'dropped'"
    )
    return {bytes(fingerprint) for (fingerprint,) in rows}


def _is_left(owner: Connection[Any], current: bytes) -> bool:
    row = owner.execute(
        "SELECT EXISTS (SELECT FROM public.person_keys WHERE master <> %s)", (current,)
    ).fetchone()
    return row is not None and row[0]


@contextmanager
def _alone(database: Database) -> Generator[Connection[Any]]:
    """Return a connection of the owner's while nobody else changes master keys."""
    with database.connect("owner") as owner:
        row = owner.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
        if row is None or not row[0]:
            raise MasterKeyError("Another rotation of the master key is under way.")
        yield owner
