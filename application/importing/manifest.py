"""Which rows of a file are news: compared by two 64-bit hashes a row with the last export.

Held as sorted arrays, 28 bytes a row, so that ten million rows take 280 MB. A row that says what
it said before is known by the hash of its contents alone, and need not be parsed to find its key.
The key's hash tells rows apart and finds the second of two rows with one key; two different keys
share a hash once in some 300,000 files of ten million rows, and are then reported, not lost
silently.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

_BLOCK_SHIFT = np.uint64(56)


class ManifestStore(Protocol):
    """Where manifests are kept."""

    def manifest(self, kind: str) -> tuple[Hashes, Hashes]:
        """Return the hashes of keys, sorted, and those of contents."""
        ...

    def save_manifest(
        self, kind: str, keys: Hashes, contents: Hashes, changed: Sequence[int]
    ) -> None:
        """Save the changed blocks of a manifest."""
        ...


class Manifest:
    """The rows of one kind as last loaded, and those of the file that is being read."""

    def __init__(self, store: ManifestStore, kind: str) -> None:
        self._store = store
        self._kind = kind
        self._keys, self._contents = store.manifest(kind)
        self._by_contents = np.argsort(self._contents).astype(np.uint32)
        self._sorted_contents = self._contents[self._by_contents]
        self._seen: Flags = np.zeros(len(self._keys), dtype=np.bool_)
        self._new_runs: list[Hashes] = []
        self._updates: list[tuple[Hashes, Hashes]] = []
        self._dropped: set[int] = set()

    def keys_of(self, contents: Hashes) -> tuple[Hashes, Flags]:
        """Return the keys of rows by what they say, and which rows said so before.

        The key of one that did not is not known and told as zero.
        """
        places, told = _find(self._sorted_contents, contents)
        keys = np.zeros(len(contents), dtype=np.uint64)
        keys[told] = self._keys[self._by_contents[places[told]]]
        return keys, told

    def knows(self, keys: Hashes) -> Flags:
        """Return which keys rows had that were taken over before."""
        return _find(self._keys, keys)[1]

    def compare(self, keys: Hashes, contents: Hashes) -> tuple[Flags, Flags, Flags]:
        """Return which rows of a page are known, unchanged, and the second of their key."""
        places, known = _find(self._keys, keys)
        unchanged, repeated = known.copy(), known.copy()
        unchanged[known] = self._contents[places[known]] == contents[known]
        repeated[known] = self._seen[places[known]]
        self._seen[places[known]] = True
        fresh = ~known
        if fresh.any():
            repeated |= fresh & self._seen_as_new(keys)
            self._add_run(np.sort(keys[fresh]))
        order = np.argsort(keys, kind="stable")
        in_order = keys[order]
        again = np.zeros(len(keys), dtype=np.bool_)
        again[order[1:]] = in_order[1:] == in_order[:-1]
        return known, unchanged & ~again, repeated | again

    def _seen_as_new(self, keys: Hashes) -> Flags:
        found: Flags = np.zeros(len(keys), dtype=np.bool_)
        for run in self._new_runs:
            found |= _find(run, keys)[1]
        return found

    def _add_run(self, run: Hashes) -> None:
        """Add sorted hashes; runs double in length, so there are few."""
        self._new_runs.append(run)
        while len(self._new_runs) > 1 and len(self._new_runs[-2]) < 2 * len(self._new_runs[-1]):
            last, before = self._new_runs.pop(), self._new_runs.pop()
            merged = np.concatenate((before, last))
            merged.sort(kind="stable")
            self._new_runs.append(merged)

    def took(self, keys: Hashes, contents: Hashes) -> None:
        """Note rows that were taken over."""
        if len(keys):
            self._updates.append((keys, contents))

    def drop(self, key: int) -> None:
        """Note a row that could not be taken over after all; it is looked at again next time."""
        self._dropped.add(key)

    def saw(self, keys: Hashes) -> Flags:
        """Return which of the keys the file held."""
        places, known = _find(self._keys, keys)
        found = self._seen_as_new(keys)
        found[known] |= self._seen[places[known]]
        return found

    def save(self) -> None:
        """Save what was taken over."""
        if not self._updates:
            return
        new_keys = np.concatenate([keys for keys, _ in self._updates])
        new_contents = np.concatenate([contents for _, contents in self._updates])
        if self._dropped:
            dropped = np.fromiter(self._dropped, dtype=np.uint64, count=len(self._dropped))
            stays = ~np.isin(new_keys, dropped)
            new_keys, new_contents = new_keys[stays], new_contents[stays]
        blocks = np.unique(new_keys >> _BLOCK_SHIFT).tolist()
        keys = np.concatenate((new_keys, self._keys))
        contents = np.concatenate((new_contents, self._contents))
        keys, first = np.unique(keys, return_index=True)  # the newest of a key comes first
        self._store.save_manifest(self._kind, keys, contents[first], blocks)


def _find(ordered: Hashes, wanted: Hashes) -> tuple[npt.NDArray[np.intp], Flags]:
    """Return where hashes stand in an ordered array, and which of them do."""
    order = np.argsort(wanted)  # looked up in order, which spares the processor's cache
    places = np.empty(len(wanted), dtype=np.intp)
    places[order] = np.searchsorted(ordered, wanted[order])
    if not len(ordered):
        return places, np.zeros(len(wanted), dtype=np.bool_)
    places[places == len(ordered)] = 0
    return places, ordered[places] == wanted
