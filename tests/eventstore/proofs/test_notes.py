"""Signed notes: the published example, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.proofs.merkle import EMPTY_ROOT
from eventstore.proofs.notes import (
    Checkpoint,
    NoteError,
    claims,
    new_signer,
    opened_note,
    parsed_checkpoint,
    parsed_signer,
    parsed_verifier,
    signed_note,
    text_of_note,
)

PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NOTE = (
    f"{TEXT}\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgK"
    "vqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example of the package of Go that the format comes from."""

OURS, THEIRS = new_signer("example.com/ours"), new_signer("example.com/theirs")


def test_the_published_note_is_made_and_opened() -> None:
    key = parsed_signer(PRIVATE)
    assert str(key.verifier) == PUBLIC
    assert key.text() == PRIVATE
    assert signed_note(TEXT, [key]) == NOTE
    verifier = parsed_verifier(PUBLIC)
    assert opened_note(NOTE, [verifier]) == (TEXT, [verifier])
    assert claims(NOTE, verifier)
    assert text_of_note(NOTE) == TEXT


def test_one_trusted_signature_is_enough_and_strangers_do_not_matter() -> None:
    note = signed_note("text\n", [OURS, THEIRS])
    assert opened_note(note, [THEIRS.verifier]) == ("text\n", [THEIRS.verifier])
    with pytest.raises(NoteError, match="None of the keys"):
        opened_note(note, [new_signer("example.com/ours").verifier])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n\u2014 example.com/ours\n",
        "text\n\n- example.com/ours AAAA\n",
        "text\n\n\u2014 example.com/ours !!!\n",
        signed_note("text\n", [OURS])[:-1],
        signed_note("text\n", [OURS]).replace("text", "test"),
        signed_note("text\n", [THEIRS]),
    ],
)
def test_what_is_no_note_or_not_signed_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        opened_note(note, [OURS.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+AAAA",
        PUBLIC.replace("c74f20a3", "c74f20a4"),
        PUBLIC.replace("Peter", "Paul"),
        PRIVATE.removeprefix("PRIVATE+KEY+"),
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parsed_verifier(text)
    with pytest.raises(NoteError):
        parsed_signer(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
def test_names_of_keys_are_words(name: str) -> None:
    with pytest.raises(NoteError):
        new_signer(name)


@given(size=st.integers(0, 2**63), root=st.binary(min_size=32, max_size=32))
def test_checkpoints_are_read_as_they_were_written(size: int, root: bytes) -> None:
    checkpoint = Checkpoint("example.com/log", size, root)
    assert parsed_checkpoint(checkpoint.text) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n",
        "origin\n1\n",
        "origin\n01\nAAAA\n",
        "\n" + Checkpoint("o", 1, EMPTY_ROOT).text,
    ]
    + [Checkpoint("o", 1, EMPTY_ROOT).text.replace("\n1\n", f"\n{size}\n") for size in ("-1", "x")],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parsed_checkpoint(text)
