"""Checks an export of a log without a line of the program that wrote it.

    python verify_export.py FOLDER --key KEY [--checkpoint FILE]
    python verify_export.py evidence.json --key KEY

FOLDER is what `tallystick audit export` wrote, evidence.json an evidence pack. KEY is the public
key that you trust, from somebody you trust: `tallystick audit key show` prints it, and the export
cannot vouch for its own. FILE is a checkpoint that you kept from earlier. Needed are Python 3.11
and the package `cryptography`.

What is checked:
- the checkpoint is signed by the key;
- the sealed hashes of the exported events, with those of the rest, lead to the signed root;
- each line of events.jsonl has the hash that was sealed, its position rises, and it was recorded
  no earlier than the one before it; if it has not, its position is named;
- the log begins with what the earlier checkpoint signed;
- of a pack: each event is told as its line has it, and its hashes lead from the line to the root.

Sources: RFC 9162 (Merkle trees), C2SP signed-note and tlog-checkpoint. It ends with 0 if all of it
holds, with 1 if anything does not, and with 2 if it cannot be told.
"""

import argparse
import base64
import binascii
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

EMPTY_ROOT = hashlib.sha256(b"").digest()


class Wrong(Exception):
    """Something is not as it was signed."""


def leaf_hash(line: bytes) -> bytes:
    """Return the hash of an event's line."""
    return hashlib.sha256(b"\0" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node of the tree."""
    return hashlib.sha256(b"\1" + left + right).digest()


def split(size: int) -> int:
    """Return the largest power of two below a size."""
    return 1 << ((size - 1).bit_length() - 1)


def signed_checkpoint(note: str, key: str) -> tuple[str, int, bytes]:
    """Return origin, size and root of a checkpoint that a key signed."""
    name, _, encoded = key.strip().split("+", 2)
    public = base64.b64decode(encoded)
    if public[:1] != b"\1":
        raise Wrong("The key is none of Ed25519.")
    key_id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    text, parted, signatures = note.rpartition("\n\n")
    text += "\n"
    if not parted:
        raise Wrong("The checkpoint is no signed note.")
    for line in signatures.splitlines():
        _, signer, encoded = line.split(" ")
        told = base64.b64decode(encoded)
        if (signer, told[:4]) == (name, key_id):
            try:
                Ed25519PublicKey.from_public_bytes(public[1:]).verify(told[4:], text.encode())
            except InvalidSignature:
                raise Wrong("The checkpoint's signature is not one of the key.") from None
            origin, size, root = text.splitlines()[:3]
            return origin, int(size), base64.b64decode(root)
    raise Wrong("The key did not sign the checkpoint.")


def hashes(path: Path) -> Iterator[bytes]:
    """Yield the hashes of a file."""
    with path.open() as file:
        for line in file:
            yield base64.b64decode(line)


def lines(path: Path) -> Iterator[tuple[int, bytes, dict[str, object]]]:
    """Yield position, line and content of each event."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            line = raw.rstrip(b"\n")
            try:
                told = json.loads(line)
                yield int(told["position"]), line, told
            except (ValueError, KeyError, TypeError):
                raise Wrong(f"Line {number} of events.jsonl is no event.") from None


class Tree:
    """The signed tree, put together from leaves that are known and hashes of the rest."""

    def __init__(
        self, leaves: Iterator[bytes], indexes: Iterator[int], beside: Iterator[bytes]
    ) -> None:
        self._leaves = leaves
        self._indexes = indexes
        self._beside = beside
        self._next = next(indexes, None)

    def root(self, start: int, size: int) -> bytes:
        """Return the root over leaves from a place on."""
        if size == 0:
            return EMPTY_ROOT
        if self._next is None or self._next >= start + size:
            found = next(self._beside, None)
        elif size == 1:
            self._next = next(self._indexes, None)
            found = next(self._leaves, None)
        else:
            left = split(size)
            first = self.root(start, left)
            return node_hash(first, self.root(start + left, size - left))
        if found is None:
            raise Wrong("Hashes are missing from the export.")
        return found


def root_at(leaves: Iterator[bytes], size: int) -> bytes:
    """Return the root over the first leaves, as many as a size."""
    stack: list[tuple[int, bytes]] = []
    for _ in range(size):
        height, found = 0, next(leaves)
        while stack and stack[-1][0] == height:
            found, height = node_hash(stack.pop()[1], found), height + 1
        stack.append((height, found))
    root = stack.pop()[1] if stack else EMPTY_ROOT
    while stack:
        root = node_hash(stack.pop()[1], root)
    return root


def extends(
    earlier: int, earlier_root: bytes, later: int, later_root: bytes, proof: list[bytes]
) -> bool:
    """Return whether a proof shows that one tree extends another (RFC 9162, section 2.1.4.2)."""
    if earlier == later:
        return not proof and earlier_root == later_root
    if earlier == 0:
        return not proof and earlier_root == EMPTY_ROOT
    path = [earlier_root, *proof] if earlier & (earlier - 1) == 0 else list(proof)
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


def included(leaf: bytes, place: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """Return whether a proof leads from a leaf to the root (RFC 9162, section 2.1.3.2)."""
    last, found = size - 1, leaf
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
    return last == 0 and found == root


def compare_events(folder: Path, expected: Iterator[int], size: int, tenant: str) -> int:
    """Hold each line to the hash that was sealed; return how many there are."""
    sealed = hashes(folder / "leaves.txt")
    count, recorded_at = 0, ""
    events = lines(folder / "events.jsonl")
    for position in expected:
        found, leaf = next(events, None), next(sealed)
        if found is None or found[0] > position:
            raise Wrong(f"Position {position}: the event that was sealed is missing.")
        at, line, told = found
        if at < position:
            raise Wrong(f"Position {at}: it does not follow the event in front of it.")
        if leaf_hash(line) != leaf:
            raise Wrong(f"Position {position}: it is not the event that was sealed.")
        if told["tenant"] != tenant:
            raise Wrong(f"Position {position}: it is an event of another log.")
        if str(told["recorded_at"]) < recorded_at:
            raise Wrong(f"Position {position}: it was recorded before the one in front of it.")
        recorded_at = str(told["recorded_at"])
        count += 1
    extra = next(events, None)
    if extra is not None:
        raise Wrong(
            f"Position {extra[0]}: it is not in the log of {size:,} events that was signed."
        )
    return count


def check(folder: Path, key: str, held: Path | None) -> str:
    """Return what holds of an export.

    Raises:
        Wrong: if something does not.
    """
    about = json.loads((folder / "export.json").read_text())
    note = (folder / "checkpoint.txt").read_text()
    origin, size, root = signed_checkpoint(note, key)
    tenant = origin.rpartition("/")[2]
    ranges = about["positions"]

    def positions() -> Iterator[int]:
        if ranges is not None:
            yield from range(ranges[0], ranges[1] + 1)
        else:
            yield from (at for at, _, _ in lines(folder / "events.jsonl") if at <= size)

    tree = Tree(
        hashes(folder / "leaves.txt"),
        (position - 1 for position in positions()),
        hashes(folder / "hashes.txt"),
    )
    if tree.root(0, size) != root:
        raise Wrong("The hashes of the export do not lead to the root that was signed.")
    count = compare_events(folder, positions(), size, tenant)
    told = f"{count:,} events are what was sealed in the log {origin} of {size:,}."
    if held is None:
        return told
    held_origin, held_size, held_root = signed_checkpoint(held.read_text(), key)
    if held_origin != origin:
        raise Wrong(f"The checkpoint that was kept is one of {held_origin}.")
    if held_size > size:
        raise Wrong(f"The log had {held_size:,} events, and has {size:,}.")
    if ranges == [1, size]:
        same = root_at(hashes(folder / "leaves.txt"), held_size) == held_root
    else:
        path = folder / "consistency.json"
        proof = json.loads(path.read_text()) if path.exists() else None
        if proof is None or proof["earlier"] != held_size:
            raise Wrong("The export has no proof about the checkpoint that was kept.")
        told_by = [base64.b64decode(one) for one in proof["hashes"]]
        same = extends(held_size, held_root, size, root, told_by)
    if not same:
        raise Wrong(f"The checkpoint at {held_size:,} signed another history: it was rewritten.")
    return f"{told} It begins with the {held_size:,} that were signed before."


SEALED = "sealed"
"""In the data of a line: what is encrypted there and told in the open elsewhere."""


def check_pack(path: Path, key: str) -> str:
    """Return what holds of an evidence pack.

    Raises:
        Wrong: if something does not.
    """
    pack = json.loads(path.read_text())
    if pack["checkpoint"] is None:
        raise Wrong("The pack has no checkpoint: nothing of it is proven.")
    origin, size, root = signed_checkpoint(pack["checkpoint"], key)
    for event in pack["events"]:
        position = int(event["position"])
        if event["line"] is None:
            raise Wrong(f"Position {position}: it has no proof.")
        line = json.loads(event["line"])
        same = {*event} & {*line} - {"data"}
        if SEALED not in line["data"]:
            same.add("data")
        if line["tenant"] != pack["tenant"] or any(event[one] != line[one] for one in same):
            raise Wrong(f"Position {position}: it is told otherwise than its line has it.")
        proof = [base64.b64decode(one) for one in event["hashes"]]
        leaf = leaf_hash(event["line"].encode())
        if not 0 < position <= size or not included(leaf, position - 1, size, proof, root):
            raise Wrong(f"Position {position}: it is not the event that was sealed.")
    count = len(pack["events"])
    return f"{count:,} events of {pack['subject']} are in the log {origin} of {size:,}, as told."


def main() -> int:
    """Check what the arguments name."""
    parser = argparse.ArgumentParser(description="Checks an export of a log.")
    parser.add_argument("folder", type=Path, help="an export, or the JSON of a pack")
    parser.add_argument("--key", required=True, help="the public key that you trust")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint that you kept")
    given = parser.parse_args()
    if given.folder.is_file() and given.checkpoint is not None:
        parser.error("a pack has no proof about an earlier checkpoint; an export has")
    try:
        if given.folder.is_file():
            told, code = check_pack(given.folder, given.key), 0
        else:
            told, code = check(given.folder, given.key, given.checkpoint), 0
    except Wrong as wrong:
        told, code = str(wrong), 1
    except (OSError, ValueError, KeyError, StopIteration, binascii.Error) as failure:
        told, code = f"This cannot be checked: {failure!r}", 2
    sys.stdout.write(f"{told}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
