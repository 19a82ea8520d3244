"""An API key ..."""

from datetime import date

import pytest

from domain.api_key import (
    API_KEY,
    ApiKeyErased,
    ApiKeyIssued,
    ApiKeyRevoked,
    EraseApiKey,
    IssueApiKey,
    RevokeApiKey,
    Role,
)
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import UserFacts
from tests.story import Story

key = Story(API_KEY)

ON = date(2026, 3, 2)
issued = ApiKeyIssued("k1", "Dana", Role.AUDITOR, "digest")
revoked = ApiKeyRevoked("k1")


def test_is_issued_once_under_a_name() -> None:
    command = IssueApiKey("k1", " Dana ", Role.AUDITOR, "digest")
    key.given().when(command).then_once(issued)
    key.given(issued).when(command).then_refused("key_exists")
    key.given(issued, revoked).when(command).then_refused("key_exists")


def test_has_a_name_that_people_can_read() -> None:
    for name, code in ((" ", "key_name_missing"), ("Da\udc80na", "key_name_not_text")):
        command = IssueApiKey("k1", name, Role.AUDITOR, "digest")
        key.given().when(command).then_refused(code, "name")


def test_is_issued_to_one_who_acts_for_a_user() -> None:
    dana = UserFacts("dana", "credit_user", None, True)
    command = IssueApiKey("k1", "Dana", Role.CREDIT_USER, "digest", "dana")
    given = ApiKeyIssued("k1", "Dana", Role.CREDIT_USER, "digest", "dana")
    key.given().when(command.knowing([dana])).then_once(given)
    key.given().when(command.knowing([None])).then_refused("user_unknown", "userId")
    retired = UserFacts("dana", "credit_user", None, False)
    key.given().when(command.knowing([retired])).then_refused("user_retired", "userId")


def test_is_revoked_for_good() -> None:
    key.given(issued).when(RevokeApiKey()).then(revoked)
    key.given(issued, revoked).when(RevokeApiKey()).then_nothing()
    key.given().when(RevokeApiKey()).then_refused("key_unknown")


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        API_KEY.replay([revoked])


def test_that_acts_for_no_user_loses_the_name_of_its_holder_once() -> None:
    erase, erased = EraseApiKey(ON, granted=True), ApiKeyErased(ON)
    key.given(issued).when(EraseApiKey(ON)).then_nothing()
    key.given().when(erase).then_nothing()
    key.given(issued).when(erase).then(erased)
    key.given(issued, revoked).when(erase).then(erased)
    key.given(issued, erased, revoked).when(erase).then_nothing()
    key.given(issued, erased).when(RevokeApiKey()).then(revoked)


def test_of_a_user_is_named_after_the_user_alone() -> None:
    of_dana = ApiKeyIssued("k1", "Dana", Role.CREDIT_USER, "digest", "dana")
    key.given(of_dana).when(EraseApiKey(ON, granted=True)).then_nothing()
