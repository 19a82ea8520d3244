"""User-defined fields that are kept here ..."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from domain.shared.record_types import KEY_PARTS_MAX, KEYS, RecordType
from domain.user_fields import (
    FIELD_CHARACTERS_MAX,
    USER_FIELDS,
    EraseUserFields,
    SetUserFields,
    UserFields,
    UserFieldsErased,
    UserFieldsSet,
)
from tests.story import Story

fields = Story(USER_FIELDS)

KEY = ("1", "ACME")
CUSTOMER = RecordType.CUSTOMER


def setting(*key: str, **values: Any) -> SetUserFields:
    return SetUserFields(CUSTOMER, key or KEY, **values).knowing([True])


def was_set(**values: str) -> UserFieldsSet:
    return UserFieldsSet(CUSTOMER, KEY, UserFields(**values))


def test_are_set_without_the_space_around_them_and_stay_where_nothing_is_given() -> None:
    fields.given().when(setting(udf6=" gold ", udf7="")).then(was_set(udf6="gold"))
    fields.given(was_set(udf6="gold")).when(setting(udf10="x")).then(
        was_set(udf6="gold", udf10="x")
    )


def test_are_cleared_by_null() -> None:
    fields.given(was_set(udf6="gold", udf7="x")).when(setting(udf6=None)).then(was_set(udf7="x"))
    fields.given().when(setting(udf6=None)).then_nothing()
    fields.given().when(setting()).then_nothing()


@pytest.mark.parametrize(
    ("value", "code"),
    [("x" * (FIELD_CHARACTERS_MAX + 1), "user_field_too_long"), ("a\0b", "user_field_not_text")],
)
def test_are_short_plain_texts(value: str, code: str) -> None:
    fields.given().when(setting(udf9=value)).then_refused(code, "udf9")


def test_are_of_a_record_that_is_there() -> None:
    unknown = SetUserFields(CUSTOMER, KEY, "x")
    fields.given().when(unknown).then_refused("record_unknown", "key")
    fields.given().when(unknown.knowing([False])).then_refused("record_unknown", "key")
    for key in (("1",), ("1", "ACME", "7")):
        fields.given().when(setting(*key, udf6="x")).then_refused("record_key_invalid", "key")


def test_every_type_of_record_has_a_key() -> None:
    assert set(KEYS) == set(RecordType)
    assert len(RecordType) == 8
    assert max(len(parts) for parts in KEYS.values()) == KEY_PARTS_MAX


VALUES = st.sampled_from([UNSET, None, "x", "y"])


@given(st.lists(st.tuples(VALUES, VALUES, VALUES, VALUES, VALUES), max_size=6))
def test_are_what_was_given_last(given_values: list[tuple[Any, ...]]) -> None:
    history: list[UserFieldsSet] = []
    expected: list[Any] = [None] * 5
    for values in given_values:
        command = SetUserFields(CUSTOMER, KEY, *values, known=True)
        history += USER_FIELDS.decide(command, USER_FIELDS.replay(history))
        expected = [old if new is UNSET else new for old, new in zip(expected, values, strict=True)]
    assert USER_FIELDS.replay(history) == UserFields(*expected)


def test_are_erased_with_the_contact_that_they_are_about() -> None:
    on = date(2026, 3, 2)
    erase, erased = EraseUserFields(on, granted=True), UserFieldsErased(on)
    fields.given(was_set(udf6="x")).when(erase).then(erased)
    fields.given(was_set(udf6="x")).when(EraseUserFields(on)).then_nothing()
    assert EraseUserFields(on).knowing([True]) == erase
    again = SetUserFields(CUSTOMER, KEY, udf6="y", known=True)
    fields.given(was_set(udf6="x"), erased).when(again).then_refused("record_erased", "key")
    assert "secret" not in repr(was_set(udf6="secret"))
