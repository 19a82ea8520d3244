"""Merkle trees as RFC 9162 defines them (section 2.1): roots, inclusion and consistency proofs.

A tree over n leaves is split at the largest power of two below n. Everything here is pure: hashes
of subtrees come from a function `subtree(start, height)`, the root over the 2**height leaves from
`start` on, which is a multiple of that.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

Hash = bytes
"""32 bytes."""

Subtree = Callable[[int, int], Hash]

EMPTY_ROOT: Hash = sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(leaf: bytes) -> Hash:
    """Return the hash of a leaf."""
    return sha256(b"\0" + leaf).digest()


def leaf_hashes(leaves: Iterable[bytes]) -> list[Hash]:
    """Return the hashes of leaves."""
    return [sha256(b"\0" + leaf).digest() for leaf in leaves]


def node_hash(left: Hash, right: Hash) -> Hash:
    """Return the hash of a node."""
    return sha256(b"\1" + left + right).digest()


def level_above(hashes: Sequence[Hash]) -> list[Hash]:
    """Return the parents of nodes, of which there is an even number."""
    return [
        sha256(b"\1" + left + right).digest()
        for left, right in zip(hashes[::2], hashes[1::2], strict=True)
    ]


def root_of(hashes: Sequence[Hash]) -> Hash:
    """Return the root of a tree of these nodes, a power of two of them."""
    while len(hashes) > 1:
        hashes = level_above(hashes)
    return hashes[0]


def split(size: int) -> int:
    """Return where a tree of 2 leaves or more is split: the largest power of two below its size."""
    return 1 << ((size - 1).bit_length() - 1)


def root(subtree: Subtree, size: int, start: int = 0) -> Hash:
    """Return the root over `size` leaves from `start` on, where a tree of that size may stand."""
    if size == 0:
        return EMPTY_ROOT
    if size & (size - 1) == 0:
        return subtree(start, size.bit_length() - 1)
    left = split(size)
    return node_hash(
        subtree(start, left.bit_length() - 1), root(subtree, size - left, start + left)
    )


def inclusion_proof(subtree: Subtree, index: int, size: int) -> list[Hash]:
    """Return what proves that a leaf (its index counts from 0) is in a tree, from the leaf up."""
    if not 0 <= index < size:
        raise ValueError(f"There is no leaf {index} in a tree of {size}.")
    path: list[Hash] = []
    start = 0
    while size > 1:
        left = split(size)
        if index < left:
            path.append(root(subtree, size - left, start + left))
            size = left
        else:
            path.append(root(subtree, left, start))
            index, start, size = index - left, start + left, size - left
    return path[::-1]


def consistency_proof(subtree: Subtree, earlier: int, later: int) -> list[Hash]:
    """Return what proves that the tree of a later size begins with that of an earlier one."""
    if not 0 <= earlier <= later:
        raise ValueError(f"A tree of {later} leaves holds none of {earlier}.")
    if earlier in {0, later}:
        return []
    path: list[Hash] = []
    start, size, whole = 0, later, True
    while earlier < size:
        left = split(size)
        if earlier <= left:
            path.append(root(subtree, size - left, start + left))
            size = left
        else:
            path.append(root(subtree, left, start))
            earlier, start, size, whole = earlier - left, start + left, size - left, False
    if not whole:
        path.append(root(subtree, size, start))
    return path[::-1]


def includes(leaf: Hash, index: int, size: int, proof: Sequence[Hash], root_hash: Hash) -> bool:
    """Return whether a proof shows that a tree holds a leaf (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(one, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, one)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root_hash


def extends(
    earlier: int, earlier_root: Hash, later: int, later_root: Hash, proof: Sequence[Hash]
) -> bool:
    """Return whether a proof shows that a tree extends an earlier one (section 2.1.4.2)."""
    if not 0 <= earlier <= later:
        return False
    if earlier == later:
        return not proof and earlier_root == later_root
    if earlier == 0:
        return not proof and earlier_root == EMPTY_ROOT
    path = list(proof)
    if earlier & (earlier - 1) == 0:
        path.insert(0, earlier_root)
    if not path:
        return False
    place, last = earlier - 1, later - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(one, before), node_hash(one, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, one)
        place, last = place >> 1, last >> 1
    return last == 0 and before == earlier_root and after == later_root


def hashes_beside(subtree: Subtree, indexes: Iterable[int], size: int) -> Iterator[Hash]:
    """Yield what proves that a tree holds all of some leaves, whose indexes rise.

    They are the roots of the largest subtrees that hold none of these leaves, from left to right:
    none if all leaves are given, and few if they lie together.
    """
    rising = iter(indexes)
    following = next(rising, None)
    waiting = [(0, size)] if size else []
    while waiting:
        start, count = waiting.pop()
        if following is None or following >= start + count:
            yield root(subtree, count, start)
        elif count == 1:
            following = next(rising, None)
        else:
            left = split(count)
            waiting += [(start + left, count - left), (start, left)]


class Frontier:
    """A tree to which leaves are added one after the other: the full subtrees at its right edge."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[tuple[int, Hash]] = []  # height and root, from left to right

    def add(self, height: int, hash_: Hash) -> None:
        """Add a full subtree of 2**height leaves; the size is a multiple of that."""
        self.size += 1 << height
        while self._roots and self._roots[-1][0] == height:
            hash_ = node_hash(self._roots.pop()[1], hash_)
            height += 1
        self._roots.append((height, hash_))

    @property
    def root(self) -> Hash:
        """The root."""
        if not self._roots:
            return EMPTY_ROOT
        *others, (_, found) = self._roots
        for _, one in reversed(others):
            found = node_hash(one, found)
        return found
