"""A message ..."""

from datetime import date

import pytest
from msgspec.structs import replace

from domain.message import (
    MESSAGE,
    DeliverMessage,
    MarkMessageRead,
    MessageDelivered,
    MessageKind,
    MessageRead,
    StoredFile,
    message_id,
)
from domain.shared.decider import ImpossibleHistory
from tests.story import Story

message = Story(MESSAGE)

TODAY = date(2026, 3, 2)
FILE = StoredFile("rows.xlsx", "application/x", 3, "0" * 64)
DELIVER = DeliverMessage("m", MessageKind.ALERT, "Rows", "Three.", TODAY, "dana", FILE, "http://x")
delivered = MessageDelivered(
    "m", MessageKind.ALERT, "Rows", "Three.", TODAY, "dana", FILE, "http://x"
)
for_all = MessageDelivered("m", MessageKind.SYNC_DONE, "Sync done", "3 rows.", TODAY)


def test_is_delivered_once_and_stays_as_it_is() -> None:
    """LOG-03."""
    message.given().when(DELIVER).then(delivered)
    message.given(delivered).when(replace(DELIVER, body="Four.", user_id=None)).then_nothing()


def test_is_read_once_by_its_user() -> None:
    message.given(delivered).when(MarkMessageRead("dana", False)).then(MessageRead("dana"))


def test_for_those_who_run_the_site_is_read_by_each_of_them() -> None:
    read = MessageRead("key/1")
    message.given(for_all).when(MarkMessageRead("key/1", True)).then(read)
    message.given(for_all, read).when(MarkMessageRead("kim", True)).then(MessageRead("kim"))


def test_of_others_is_not_there() -> None:
    for reading in (MarkMessageRead("kim", True), MarkMessageRead("kim", False)):
        message.given(delivered).when(reading).then_refused("message_unknown", "messageId")
        message.given().when(reading).then_refused("message_unknown", "messageId")
    reading = MarkMessageRead("dana", False)
    message.given(for_all).when(reading).then_refused("message_unknown", "messageId")


def test_ids_are_made_of_occasions() -> None:
    told = ("alert", "weekly", "dana", "2026-03-02", "")
    assert message_id(*told) == message_id(*told)
    others = {("alert", "weekly\n", "dana"), ("alert", "weekly", "\ndana"), told, told[:-1]}
    assert len({message_id(*one) for one in others}) == 4


def test_history_that_contradicts_itself_is_told() -> None:
    with pytest.raises(ImpossibleHistory):
        MESSAGE.replay([MessageRead("dana")])
