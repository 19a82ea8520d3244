"""Master keys that this process may use: they wrap the keys of persons, and are in no database.

A database names them by their fingerprints. A rotation makes another one current while processes
run: who meets a fingerprint that is not known looks into the sources again before giving up.
"""

from collections.abc import Callable, Hashable, Iterable
from hashlib import sha256

KEY_BYTES = 32


class NoMasterKey(Exception):
    """A master key is needed that this process was not given."""


Source = Callable[[], Iterable[bytes]]
"""Returns the master keys that a place has now, or raises `NoMasterKey` if it cannot be read."""

_masters: dict[bytes, bytes] = {}
_sources: dict[Hashable, Source] = {}


def fingerprint_of(key: bytes) -> bytes:
    """Return the eight bytes by which databases name a master key; they tell nothing of it."""
    assert len(key) == KEY_BYTES, "a master key has 32 bytes"
    return sha256(b"tallystick master key\n" + key).digest()[:8]


def trust_master(key: bytes) -> bytes:
    """Let this process use a master key; return its fingerprint."""
    fingerprint = fingerprint_of(key)
    _masters[fingerprint] = key
    return fingerprint


def trusted_masters() -> list[bytes]:
    """Return the master keys that this process uses, to hand them on to one of its own."""
    return list(_masters.values())


def look_into(place: Hashable, source: Source) -> None:
    """Let this process look into a place for master keys that it does not know yet."""
    _sources[place] = source


def places() -> list[Hashable]:
    """Return the places into which this process looks."""
    return list(_sources)


def master(fingerprint: bytes) -> bytes:
    """Return the master key of a fingerprint.

    Raises:
        NoMasterKey: if it is in no place into which this process looks.
    """
    unread: list[str] = []
    if fingerprint not in _masters:
        for source in list(_sources.values()):
            try:
                for key in source():
                    trust_master(key)
            except NoMasterKey as failure:  # another place may have it
                unread.append(str(failure))
    try:
        return _masters[fingerprint]
    except KeyError:
        told = (
            f"The keys of persons are wrapped by the master key {fingerprint.hex()}, which is not"
            " in the settings."
        )
        raise NoMasterKey(" ".join((told, *unread))) from None
