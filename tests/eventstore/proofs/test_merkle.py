"""Merkle trees: published vectors, another's library, and every small tree."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from eventstore.proofs.merkle import (
    EMPTY_ROOT,
    Frontier,
    Hash,
    consistency_proof,
    extends,
    hashes_beside,
    includes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    root_of,
)
from eventstore.proofs.tiles import HASH_BYTES, HEIGHT, WIDTH, grown, hashes_of

LEAVES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The leaves of Certificate Transparency's own vectors (RFC 6962), and the roots over them."""

ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

SIZES = st.integers(1, 70)


class Whole:
    """A tree of which every leaf is at hand."""

    def __init__(self, leaves: list[Hash]) -> None:
        self.leaves = leaves

    def subtree(self, start: int, height: int) -> Hash:
        assert start % (1 << height) == 0
        hashes = self.leaves[start : start + (1 << height)]
        assert len(hashes) == 1 << height
        return root_of(hashes)


def tree(size: int) -> Whole:
    return Whole([leaf_hash(str(number).encode()) for number in range(size)])


def another(size: int) -> InmemoryTree:
    made = InmemoryTree(algorithm="sha256")
    for number in range(size):
        made.append_entry(str(number).encode())
    return made


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_roots_are_the_published_ones(size: int) -> None:
    known = Whole([leaf_hash(leaf) for leaf in LEAVES])
    assert root(known.subtree, size).hex() == ROOTS[size]
    frontier = Frontier()
    for leaf in known.leaves[:size]:
        frontier.add(0, leaf)
    assert (frontier.size, frontier.root.hex()) == (size, ROOTS[size])


def test_proofs_are_the_published_ones() -> None:
    known = Whole([leaf_hash(leaf) for leaf in LEAVES])
    inclusion = [one.hex() for one in inclusion_proof(known.subtree, 5, 8)]
    assert inclusion == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    consistency = [one.hex() for one in consistency_proof(known.subtree, 6, 8)]
    assert consistency == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(size=SIZES, index=st.integers(0), earlier=st.integers(0))
def test_another_library_agrees(size: int, index: int, earlier: int) -> None:
    ours, theirs = tree(size), another(size)
    index, earlier = index % size, 1 + earlier % size
    assert root(ours.subtree, earlier) == theirs.get_root(earlier)
    path = theirs.prove_inclusion(index + 1, size).serialize()["path"]
    assert [one.hex() for one in inclusion_proof(ours.subtree, index, size)] == path[1:]


def test_every_proof_about_small_trees_holds_and_no_other() -> None:
    roots = [root(tree(size).subtree, size) for size in range(20)]
    for size in range(1, 20):
        whole = tree(size)
        for index in range(size):
            proof = inclusion_proof(whole.subtree, index, size)
            assert includes(whole.leaves[index], index, size, proof, roots[size])
            assert not includes(
                whole.leaves[index],
                index,
                size,
                [*proof, proof[0] if proof else EMPTY_ROOT],
                roots[size],
            )
            assert (
                not includes(whole.leaves[index], index, size, proof[:-1], roots[size]) or not proof
            )
            assert not includes(leaf_hash(b"x"), index, size, proof, roots[size])
            if size > 1:
                other = (index + 1) % size
                assert not includes(whole.leaves[index], other, size, proof, roots[size])
        for earlier in range(size + 1):
            proof = consistency_proof(whole.subtree, earlier, size)
            assert extends(earlier, roots[earlier], size, roots[size], proof)
            if 0 < earlier < size:
                wrong = [*proof[:-1], leaf_hash(proof[-1])]
                assert not extends(earlier, roots[earlier], size, roots[size], wrong)
                assert not extends(earlier, leaf_hash(b"x"), size, roots[size], proof)
                assert not extends(earlier, roots[earlier], size, leaf_hash(b"x"), proof)
                assert not extends(earlier, roots[earlier], size, roots[size], [])
    assert not includes(leaf_hash(b""), 1, 1, [], EMPTY_ROOT)
    assert not extends(2, EMPTY_ROOT, 1, EMPTY_ROOT, [])


def test_what_is_not_in_a_tree_is_not_proven() -> None:
    with pytest.raises(ValueError, match="no leaf 3"):
        inclusion_proof(tree(3).subtree, 3, 3)
    with pytest.raises(ValueError, match="holds none of 4"):
        consistency_proof(tree(3).subtree, 4, 3)


@given(size=SIZES, chosen=st.sets(st.integers(0, 69)))
def test_hashes_beside_leaves_and_the_leaves_give_the_root(size: int, chosen: set[int]) -> None:
    whole = tree(size)
    wanted = sorted(one for one in chosen if one < size)
    beside = iter(list(hashes_beside(whole.subtree, wanted, size)))

    def rebuilt(start: int, count: int) -> Hash:
        if not any(start <= one < start + count for one in wanted):
            return next(beside)
        if count == 1:
            return whole.leaves[start]
        left = 1 << ((count - 1).bit_length() - 1)
        first = rebuilt(start, left)
        return node_hash(first, rebuilt(start + left, count - left))

    assert rebuilt(0, size) == root(whole.subtree, size)
    assert next(beside, None) is None
    if len(wanted) == size:
        assert list(hashes_beside(whole.subtree, wanted, size)) == []


@given(st.lists(st.integers(1, 700), min_size=1, max_size=6))
def test_a_tree_that_grows_in_steps_is_that_of_one_step(steps: list[int]) -> None:
    leaves = [sha256(str(number).encode()).digest() for number in range(sum(steps))]
    tiles: dict[tuple[int, int], bytes] = {}
    size = 0
    for step in steps:
        added = leaves[size : size + step]
        changed = list(grown(size, added, lambda level, number: tiles[level, number]))
        tiles.update({(level, number): tile for level, number, tile in changed})
        size += step
    at_once = {(level, number): tile for level, number, tile in grown(0, leaves, lambda *_: b"")}
    assert tiles == at_once
    assert all(len(tile) <= WIDTH * HASH_BYTES for tile in tiles.values())
    level_0 = [one for number in range(-(-size // WIDTH)) for one in hashes_of(tiles[0, number])]
    assert level_0 == leaves
    full = size >> HEIGHT
    if full:
        roots = [root_of(leaves[at * WIDTH : (at + 1) * WIDTH]) for at in range(full)]
        assert hashes_of(tiles[1, 0]) == roots[:WIDTH]
