"""A user ..."""

from datetime import date

import pytest
from msgspec.structs import replace

from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import UserFacts
from domain.user import (
    MANAGERS_MAX,
    USER,
    ChangeUser,
    EraseUser,
    RegisterUser,
    UserChanged,
    UserErased,
    UserKind,
    UserProfile,
    UserRegistered,
    UserReinstated,
    UserRetired,
    can_be_erased,
    facts,
)
from tests.story import Story

user = Story(USER)

DANA = UserProfile("dana", "Dana Reed", UserKind.CREDIT_USER, "dana@acme.test")
registered, retired = UserRegistered(DANA), UserRetired("dana")


def known(user_id: str, manager_id: str | None = None, *, active: bool = True) -> UserFacts:
    return UserFacts(user_id, "credit_manager", manager_id, active)


def test_is_registered_once() -> None:
    user.given().when(RegisterUser(DANA)).then(registered)
    other = RegisterUser(replace(DANA, name="Dana Other"))
    user.given(registered).when(other).then_refused("user_exists", "userId")
    user.given(registered, retired).when(other).then_refused("user_exists", "userId")


def test_is_kept_without_the_space_around_what_is_said() -> None:
    said = UserProfile("dana", " Dana Reed\n", UserKind.CREDIT_USER, " dana@acme.test ", "")
    user.given().when(RegisterUser(said)).then(registered)
    without = UserProfile("dana", "Dana Reed", UserKind.CREDIT_USER, "  ")
    user.given().when(RegisterUser(without)).then(UserRegistered(replace(DANA, email=None)))


@pytest.mark.parametrize(
    ("profile", "code", "field"),
    [
        (replace(DANA, user_id=""), "user_id_invalid", "userId"),
        (replace(DANA, user_id=" dana"), "user_id_invalid", "userId"),
        (replace(DANA, user_id="d" * 61), "user_id_invalid", "userId"),
        (replace(DANA, user_id="da\nna"), "user_id_invalid", "userId"),
        (replace(DANA, user_id="da\udc80na"), "user_id_invalid", "userId"),
        (replace(DANA, user_id="Unassigned"), "user_id_reserved", "userId"),
        (replace(DANA, name=" "), "user_name_invalid", "name"),
        (replace(DANA, name="Da\0na"), "user_name_invalid", "name"),
        (replace(DANA, name="D" * 201), "user_name_invalid", "name"),
        (replace(DANA, email="dana"), "email_invalid", "email"),
        (replace(DANA, email="dana@acme@test"), "email_invalid", "email"),
        (replace(DANA, email="d a@acme.test"), "email_invalid", "email"),
        (replace(DANA, email="d\0@acme.test"), "email_invalid", "email"),
        (replace(DANA, email="d" * 200 + "@acme.test"), "email_invalid", "email"),
    ],
)
def test_that_cannot_be_one_is_refused(profile: UserProfile, code: str, field: str) -> None:
    user.given().when(RegisterUser(profile)).then_refused(code, field)


def test_is_changed_where_it_differs() -> None:
    promoted = replace(DANA, kind=UserKind.CREDIT_MANAGER, email=None)
    command = ChangeUser(kind=UserKind.CREDIT_MANAGER, email=None)
    user.given(registered).when(command).then(UserChanged(promoted))
    user.given(registered).when(ChangeUser()).then_nothing()
    user.given(registered).when(ChangeUser(name=" ")).then_refused("user_name_invalid", "name")
    user.given().when(ChangeUser(name="Dana")).then_refused("user_unknown", "userId")


def test_is_retired_and_taken_back() -> None:
    user.given(registered).when(ChangeUser(active=False)).then(retired)
    user.given(registered).when(ChangeUser(active=True)).then_nothing()
    user.given(registered, retired).when(ChangeUser(active=True)).then(UserReinstated("dana"))
    back = (registered, retired, UserReinstated("dana"))
    user.given(*back).when(ChangeUser(active=False)).then(retired)


def test_is_changed_while_it_is_retired() -> None:
    named = UserChanged(replace(DANA, name="Dana Lee"))
    command = ChangeUser("Dana Lee", active=True)
    user.given(registered, retired).when(command).then(named, UserReinstated("dana"))
    user.given(registered, retired).when(ChangeUser("Dana Lee")).then(named)


def test_is_in_the_team_of_a_manager() -> None:
    managed = replace(DANA, manager_id="max")
    chain = (known("max", "mia"), known("mia"))
    user.given().when(RegisterUser(managed, chain)).then(UserRegistered(managed))
    move = ChangeUser(manager_id="max", managers=chain)
    user.given(registered).when(move).then(UserChanged(managed))
    leave = ChangeUser(manager_id=None)
    user.given(registered, UserChanged(managed)).when(leave).then(UserChanged(DANA))
    stay = ChangeUser(name="Dana Lee")  # and nobody asks whether the manager is retired by now
    changed = UserChanged(replace(managed, name="Dana Lee"))
    user.given(registered, UserChanged(managed)).when(stay).then(changed)


@pytest.mark.parametrize(
    ("chain", "code"),
    [
        ((), "manager_unknown"),
        ((None,), "manager_unknown"),
        ((known("max", active=False),), "manager_retired"),
        ((known("max", "dana"), known("dana")), "manager_cycle"),
        ((known("max", "mia"), known("mia", "dana")), "manager_cycle"),
        ((known("max", "mia"),), "team_moved"),
        ((known("max", "mia"), None), "team_moved"),
        ((known("max", "mia"), known("mia", "max")), "team_too_deep"),
    ],
)
def test_refuses_a_manager_who_cannot_be(chain: tuple[UserFacts | None, ...], code: str) -> None:
    command = ChangeUser(manager_id="max", managers=chain)
    user.given(registered).when(command).then_refused(code, "managerId")


def test_has_as_many_managers_above_as_may_be() -> None:
    def chain(count: int) -> tuple[UserFacts, ...]:
        below = [known(f"m{n}", f"m{n + 1}") for n in range(1, count)]
        return (*below, known(f"m{count}"))

    managed = replace(DANA, manager_id="m1")
    most = RegisterUser(managed, chain(MANAGERS_MAX))
    user.given().when(most).then(UserRegistered(managed))
    more = RegisterUser(managed, chain(MANAGERS_MAX + 1))
    user.given().when(more).then_refused("team_too_deep", "managerId")


def test_is_not_its_own_manager() -> None:
    command = RegisterUser(replace(DANA, manager_id="dana"))
    user.given().when(command).then_refused("manager_cycle", "managerId")


def test_tells_others_its_facts() -> None:
    assert facts(USER.initial) is None
    assert facts(USER.replay([registered])) == UserFacts("dana", "credit_user", None, True)
    gone = USER.replay([registered, retired])
    assert facts(gone) == UserFacts("dana", "credit_user", None, False)


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        USER.replay([retired])
    with pytest.raises(ImpossibleHistory):
        USER.replay([registered, retired, retired])


def test_that_is_retired_is_erased_but_for_the_id() -> None:
    on = date(2026, 3, 2)
    erase, erased = EraseUser(on, granted=True), UserErased(on)
    user.given(registered, retired).when(erase).then(erased)
    user.given(registered, retired).when(EraseUser(on)).then_nothing()
    user.given(registered).when(erase).then_nothing()
    user.given().when(erase).then_nothing()
    assert EraseUser(on).knowing([True]) == erase
    assert can_be_erased(USER.replay([registered, retired]))
    story = user.given(registered, retired, erased)
    story.when(RegisterUser(DANA)).then_refused("user_erased", "userId")
    story.when(ChangeUser(active=True)).then_refused("user_erased", "userId")
    told = facts(USER.replay([registered, retired, erased]))
    assert told is not None
    assert (told.user_id, told.active) == ("dana", False)
    assert DANA.name not in repr(registered)
