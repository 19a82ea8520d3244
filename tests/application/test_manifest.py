"""What is news in an export: compared by hashes as a dictionary of all rows would tell it."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from application.importing.manifest import Hashes, Manifest

LARGEST = 2**64 - 1


class Kept:
    """Manifests in memory, block by block, as the store keeps them."""

    def __init__(self) -> None:
        self.blocks: dict[tuple[str, int], dict[int, int]] = {}

    def manifest(self, kind: str) -> tuple[Hashes, Hashes]:
        blocks = [block for (name, _), block in self.blocks.items() if name == kind]
        rows = sorted(row for block in blocks for row in block.items())
        keys, contents = np.array(rows, dtype=np.uint64).reshape(-1, 2).T
        return np.ascontiguousarray(keys), np.ascontiguousarray(contents)

    def save_manifest(
        self, kind: str, keys: Hashes, contents: Hashes, changed: Sequence[int]
    ) -> None:
        assert keys.tolist() == sorted(set(keys.tolist()))
        rows = dict(zip(keys.tolist(), contents.tolist(), strict=True))
        for block in changed:
            of_block = {key: told for key, told in rows.items() if key >> 56 == block}
            self.blocks[kind, block] = of_block


keys = st.sampled_from([0, 1, 2, 255, 1 << 56, (1 << 56) + 1, LARGEST - 1, LARGEST])
row = st.tuples(keys, st.integers(0, 2), st.booleans())
"""A key, what the row says, and whether it is taken over if it is news."""

exports = st.lists(st.lists(st.lists(row, max_size=5), max_size=4), max_size=4)
"""Exports of pages of rows."""


def says(key: int, version: int) -> int:
    """A hash of what a row says: of its key, too."""
    return hash((key, version)) % (LARGEST + 1)


def hashes(values: Sequence[int]) -> Hashes:
    return np.array(values, dtype=np.uint64)


@given(exports, st.sets(keys, max_size=2))
def test_rows_are_known_unchanged_and_repeated_as_a_dictionary_tells(
    told: list[list[list[tuple[int, int, bool]]]], refused: set[int]
) -> None:
    store = Kept()
    last: dict[int, int] = {}
    for export in told:
        manifest = Manifest(store, "invoices")
        taken = dict(last)
        seen: set[int] = set()
        for page in export:
            of_page = hashes([key for key, _, _ in page])
            contents = hashes([says(key, version) for key, version, _ in page])
            found, is_told = manifest.keys_of(contents)
            before = [says(key, version) in last.values() for key, version, _ in page]
            assert is_told.tolist() == before
            assert found[is_told].tolist() == of_page[is_told].tolist()

            known, unchanged, repeated = manifest.compare(of_page, contents)
            take = []
            for number, (key, version, is_good) in enumerate(page):
                assert known[number] == (key in last)
                assert repeated[number] == (key in seen)
                if key in seen:
                    continue
                seen.add(key)
                assert unchanged[number] == (last.get(key) == says(key, version))
                if not unchanged[number] and is_good:
                    take.append(number)
                    if key not in refused:
                        taken[key] = says(key, version)
            manifest.took(of_page[take], contents[take])
        for key in refused:
            manifest.drop(key)
        every = [0, 1, 2, 255, 1 << 56, (1 << 56) + 1, LARGEST - 1, LARGEST]
        assert manifest.saw(hashes(every)).tolist() == [key in seen for key in every]
        manifest.save()
        last = taken
        kept_keys, kept_contents = store.manifest("invoices")
        assert dict(zip(kept_keys.tolist(), kept_contents.tolist(), strict=True)) == last


def test_what_was_not_taken_over_is_looked_at_again() -> None:
    store = Kept()
    first = Manifest(store, "invoices")
    first.compare(hashes([1, 2, 3]), hashes([10, 20, 30]))
    first.took(hashes([1, 3]), hashes([10, 30]))
    first.drop(3)
    first.save()

    _, unchanged, _ = Manifest(store, "invoices").compare(hashes([1, 2, 3]), hashes([10, 20, 30]))
    assert unchanged.tolist() == [True, False, False]


def test_a_file_of_many_pages_finds_the_second_row_of_each_key() -> None:
    rng = np.random.default_rng(7)
    of_file = rng.integers(0, 5_000, size=20_000, dtype=np.uint64)
    manifest = Manifest(Kept(), "invoices")
    repeated = np.concatenate(
        [manifest.compare(page, page)[2] for page in np.array_split(of_file, 97)]
    )
    first = np.zeros(len(of_file), dtype=np.bool_)
    first[np.unique(of_file, return_index=True)[1]] = True
    assert (repeated == ~first).all()
