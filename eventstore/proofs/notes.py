"""Signed notes and checkpoints, as C2SP has them (signed-note, tlog-checkpoint), by Ed25519.

A checkpoint is a note of three lines, the log's origin, its size and the root of its tree, with a
signature line for each key. Names of keys hold no space and no plus sign.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from eventstore.proofs.merkle import Hash

_ED25519 = b"\1"
_DASH = "\u2014"
_PRIVATE = "PRIVATE+KEY+"


class NoteError(ValueError):
    """A text is no note, no checkpoint or no key, or nobody that is trusted signed it."""


class VerifierKey(Struct, frozen=True):
    """A public key and its name; as text `name+hash+key`."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell it from others of the name."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        key = base64.b64encode(_ED25519 + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"

    def signed(self, text: bytes, signature: bytes) -> bool:
        """Return whether a signature of a text is the key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


class SignerKey(Struct, frozen=True):
    """A private key and its name; as text `PRIVATE+KEY+name+hash+key`."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> VerifierKey:
        """The public key."""
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return VerifierKey(self.name, private.public_key().public_bytes_raw())

    def text(self) -> str:
        """Return it as it is kept, in secret."""
        key = base64.b64encode(_ED25519 + self.seed).decode()
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{key}"

    def sign(self, text: bytes) -> bytes:
        """Return the signature of a text."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(text)


class Checkpoint(Struct, frozen=True):
    """How far a log was, and the root of its tree then."""

    origin: str
    size: int
    root: Hash

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def new_signer(name: str) -> SignerKey:
    """Return a new key.

    Raises:
        NoteError: if it cannot have the name.
    """
    if not name or any(one.isspace() or one == "+" for one in name):
        raise NoteError(f"A key cannot be called {name!r}.")
    return SignerKey(name, Ed25519PrivateKey.generate().private_bytes_raw())


def parsed_signer(text: str) -> SignerKey:
    """Return a private key of its text.

    Raises:
        NoteError: if it is none.
    """
    name, key_id, seed = _parsed_key(text.removeprefix(_PRIVATE))
    key = SignerKey(name, seed)
    if not text.startswith(_PRIVATE) or key.verifier.key_id.hex() != key_id:
        raise NoteError("This is no private key of a note.")
    return key


def parsed_verifier(text: str) -> VerifierKey:
    """Return a public key of its text.

    Raises:
        NoteError: if it is none.
    """
    name, key_id, public = _parsed_key(text)
    key = VerifierKey(name, public)
    if key.key_id.hex() != key_id:
        raise NoteError("This is no public key of a note.")
    return key


def _parsed_key(text: str) -> tuple[str, str, bytes]:
    try:
        name, key_id, encoded = text.strip().split("+", 2)
        told = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as failure:
        raise NoteError("This is no key of a note.") from failure
    if not name or len(told) != 33 or told[:1] != _ED25519:  # noqa: PLR2004  (a byte and the key)
        raise NoteError("This is no Ed25519 key of a note.")
    return name, key_id, told[1:]


def signed_note(text: str, signers: Sequence[SignerKey]) -> str:
    """Return a note: a text, which ends a line, with a signature by each of the keys."""
    lines = [
        f"{_DASH} {one.name} "
        + base64.b64encode(one.verifier.key_id + one.sign(text.encode())).decode()
        for one in signers
    ]
    return f"{text}\n" + "".join(f"{line}\n" for line in lines)


def _parted(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Return the text of a note, and of each signature the key's name, its id and itself."""
    text, parted, signatures = note.rpartition("\n\n")
    if not parted or not signatures.endswith("\n"):
        raise NoteError("This is no signed note.")
    told: list[tuple[str, bytes, bytes]] = []
    for line in signatures.splitlines():
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.rpartition(" ")
        try:
            signature = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error) as failure:
            raise NoteError("A line of signature cannot be read.") from failure
        if dash != _DASH or not name:
            raise NoteError("A line of signature cannot be read.")
        told.append((name, signature[:4], signature[4:]))
    return f"{text}\n", told


def claims(note: str, key: VerifierKey) -> bool:
    """Return whether a note says that a key signed it, true or not.

    Raises:
        NoteError: if it is no note.
    """
    _, signatures = _parted(note)
    return (key.name, key.key_id) in {(name, key_id) for name, key_id, _ in signatures}


def text_of_note(note: str) -> str:
    """Return the text of a note, whoever signed it.

    Raises:
        NoteError: if it is no note.
    """
    return _parted(note)[0]


def opened_note(note: str, trusted: Iterable[VerifierKey]) -> tuple[str, list[VerifierKey]]:
    """Return the text of a note and which of the trusted keys signed it, one at least.

    Raises:
        NoteError: if it is no note, none of them signed it, or a signature of one is wrong.
    """
    text, signatures = _parted(note)
    known = {(one.name, one.key_id): one for one in trusted}
    signed: list[VerifierKey] = []
    for name, key_id, signature in signatures:
        key = known.get((name, key_id))
        if key is None:
            continue  # of somebody whom we need not know
        if not key.signed(text.encode(), signature):
            raise NoteError(f"The signature by {name} is not one of this text.")
        signed.append(key)
    if not signed:
        raise NoteError("None of the keys that are trusted signed it.")
    return text, signed


def parsed_checkpoint(text: str) -> Checkpoint:
    """Return a checkpoint of the text of a note.

    Raises:
        NoteError: if it is none.
    """
    lines = text.split("\n")
    try:
        origin, size, encoded = lines[:3]
        root = base64.b64decode(encoded, validate=True)
        told = Checkpoint(origin, int(size), root)
    except (ValueError, binascii.Error) as failure:
        raise NoteError("This is no checkpoint.") from failure
    if not origin or str(told.size) != size or told.size < 0 or len(root) != 32:  # noqa: PLR2004
        raise NoteError("This is no checkpoint.")
    return told
