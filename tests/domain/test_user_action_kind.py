"""A kind of user actions ..."""

import pytest

from domain.shared.user_action_kinds import DEFAULTS, UserActionKind
from domain.user_action_kind import (
    USER_ACTION_KIND,
    ChangeUserActionKind,
    UserActionKindChanged,
)
from tests.story import Story

kind = Story(USER_ACTION_KIND)

MAIL = UserActionKind.MAIL_ERROR
CAME = DEFAULTS[MAIL]


def test_has_what_it_came_with_until_the_site_says_otherwise() -> None:
    """UA-02: each kind of the catalogue has a description and a priority of its own."""
    assert set(DEFAULTS) == set(UserActionKind)
    assert len({one.priority for one in DEFAULTS.values()}) == len(DEFAULTS)
    same = ChangeUserActionKind(MAIL, CAME.description, CAME.priority)
    kind.given().when(same).then_nothing()


def test_changes_in_description_and_priority_only() -> None:
    """UA-03."""
    changed = UserActionKindChanged(MAIL, "Bounced", CAME.priority)
    kind.given().when(ChangeUserActionKind(MAIL, " Bounced ")).then(changed)
    urgent = UserActionKindChanged(MAIL, "Bounced", 1)
    kind.given(changed).when(ChangeUserActionKind(MAIL, priority=1)).then(urgent)
    back = UserActionKindChanged(MAIL, CAME.description, CAME.priority)
    kind.given(urgent).when(ChangeUserActionKind(MAIL, None, None)).then(back)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        (ChangeUserActionKind(MAIL, " "), "description_empty", "description"),
        (ChangeUserActionKind(MAIL, "x" * 201), "description_too_long", "description"),
        (ChangeUserActionKind(MAIL, priority=0), "priority_invalid", "priority"),
    ],
)
def test_is_not_changed_to_what_cannot_be(
    change: ChangeUserActionKind, code: str, field: str
) -> None:
    kind.given().when(change).then_refused(code, field)
