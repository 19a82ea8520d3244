"""A user of the product, as far as accounts are assigned to users and users to teams.

    NotRegistered --register--> Active --change--> Active, changed
                                  |----retire----> Retired --reinstate--> Active
                                                      |------erase------> Erased

Who is assigned to nobody has no user (the Unassigned User, USR-09). A user's manager leads the
team that the user belongs to (USR-11), so managers never lead back to the user. Only who is retired
may be erased (`domain/erasure.py`); what was theirs stays so, under the id alone.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, TypeAlias

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import UserFacts
from domain.shared.personal import ERASED
from domain.shared.text import can_be_kept

USER_ID_CHARACTERS_MAX = 60
NAME_CHARACTERS_MAX = 200

MANAGERS_MAX = 50
"""Managers above a user at most."""

UNASSIGNED = "unassigned"
"""The id that no user has: accounts without a user belong to nobody."""

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


class UserKind(StrEnum):
    """What a user is there for (USR-02, USR-05, USR-06)."""

    CREDIT_USER = "credit_user"
    CREDIT_MANAGER = "credit_manager"
    INQUIRY_USER = "inquiry_user"


class UserProfile(Struct, frozen=True, omit_defaults=True, gc=False):
    """What is known of a user; `manager_id` is the user whose team it is in."""

    user_id: str
    name: str
    kind: UserKind
    email: str | None = None
    manager_id: str | None = None

    def __repr__(self) -> str:
        return f"UserProfile({self.user_id!r}, …)"


_PERSONAL: Mapping[str, Any] = {"profile.name": ERASED, "profile.email": None}
"""What of a user's events tells of the person."""


# Events: stored for ever under these names and fields. Add, never rename.


class UserRegistered(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody may be assigned accounts from now on."""

    personal: ClassVar[Mapping[str, Any]] = _PERSONAL

    profile: UserProfile


class UserChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """What is known of a user is now this."""

    personal: ClassVar[Mapping[str, Any]] = _PERSONAL

    profile: UserProfile


class UserRetired(Event, frozen=True, omit_defaults=True, gc=False):
    """The user is assigned nothing any more; what is assigned already stays so."""

    user_id: str


class UserReinstated(Event, frozen=True, omit_defaults=True, gc=False):
    """A retired user is back."""

    user_id: str


class UserErased(Event, frozen=True, omit_defaults=True, gc=False):
    """The person was erased: nothing of them can be read any more but the id."""

    erases: ClassVar[bool] = True

    erased_on: date


UserEvent: TypeAlias = UserRegistered | UserChanged | UserRetired | UserReinstated | UserErased


# Commands.


class RegisterUser(Struct, frozen=True, gc=False):
    """Register a user. `managers` are the facts of the managers above, the nearest first."""

    profile: UserProfile
    managers: tuple[UserFacts | None, ...] = ()

    def knowing(self, facts: Sequence[UserFacts | None]) -> "RegisterUser":
        """Return the command that knows the managers above the user."""
        return replace(self, managers=tuple(facts))


class ChangeUser(Struct, frozen=True, gc=False):
    """Change what is given, and retire or reinstate the user if `active` is given.

    `managers` are the facts of the managers above, the nearest first, if a manager is given.
    """

    name: str | UnsetType = UNSET
    kind: UserKind | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    manager_id: str | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET
    managers: tuple[UserFacts | None, ...] = ()

    def knowing(self, facts: Sequence[UserFacts | None]) -> "ChangeUser":
        """Return the command that knows the managers above the user."""
        return replace(self, managers=tuple(facts))


class EraseUser(Struct, frozen=True, gc=False):
    """Erase the person, if the erasure was `granted`."""

    business_date: date
    granted: bool = False

    def knowing(self, facts: Sequence[bool]) -> "EraseUser":
        """Return the command that knows whether the erasure was granted."""
        return replace(self, granted=facts[0])


UserCommand: TypeAlias = RegisterUser | ChangeUser | EraseUser


# State: only what decisions need.


class NotRegistered(Struct, frozen=True):
    """Nothing is known of the user."""


class Active(Struct, frozen=True, gc=False):
    """The user may be assigned accounts."""

    profile: UserProfile


class Retired(Struct, frozen=True, gc=False):
    """The user was active once."""

    profile: UserProfile


class Erased(Struct, frozen=True, gc=False):
    """The person was erased; `profile` tells what is left."""

    profile: UserProfile


User: TypeAlias = NotRegistered | Active | Retired | Erased


def evolve(user: User, event: UserEvent) -> User:
    """Remember `event`."""
    match user, event:
        case NotRegistered(), UserRegistered(profile):
            return Active(profile)
        case Active() | Retired(), UserChanged(profile):
            return replace(user, profile=profile)
        case Active(profile), UserRetired():
            return Retired(profile)
        case Retired(profile), UserReinstated():
            return Active(profile)
        case Retired(profile), UserErased():
            return Erased(replace(profile, name=ERASED, email=None))
        case _:
            raise ImpossibleHistory(f"{event} after {user}")


def decide(command: UserCommand, user: User) -> Sequence[UserEvent]:
    """Return the facts that `command` adds."""
    match user, command:
        case _, EraseUser(day, granted):
            return [UserErased(day)] if granted and can_be_erased(user) else []
        case NotRegistered(), RegisterUser():
            return register(command)
        case Erased(), _:
            raise Refused("user_erased", "The person who was this user was erased.", "userId")
        case Active() | Retired(), RegisterUser(profile):
            if checked(profile) == user.profile:
                return []  # told twice
            raise Refused("user_exists", f"There is a user {profile.user_id} already.", "userId")
        case Active() | Retired(), ChangeUser():
            return change(command, user)
        case NotRegistered(), ChangeUser():
            raise Refused("user_unknown", "There is no such user.", "userId")


def register(command: RegisterUser) -> Sequence[UserEvent]:
    """Register a user."""
    profile = checked(command.profile)
    check_manager(profile, command.managers)
    return [UserRegistered(profile)]


def change(command: ChangeUser, user: Active | Retired) -> Sequence[UserEvent]:
    """Change what differs."""
    given = {
        name: value
        for name in ("name", "kind", "email", "manager_id")
        if (value := getattr(command, name)) is not UNSET
    }
    profile = checked(replace(user.profile, **given))
    if profile.manager_id != user.profile.manager_id:
        check_manager(profile, command.managers)
    events: list[UserEvent] = [] if profile == user.profile else [UserChanged(profile)]
    if command.active is True and isinstance(user, Retired):
        events.append(UserReinstated(profile.user_id))
    if command.active is False and isinstance(user, Active):
        events.append(UserRetired(profile.user_id))
    return events


def checked(profile: UserProfile) -> UserProfile:
    """Return a profile as it is kept.

    Raises:
        Refused: if it cannot be one.
    """
    user_id, name, email = profile.user_id, profile.name.strip(), (profile.email or "").strip()
    if (
        not 0 < len(user_id) <= USER_ID_CHARACTERS_MAX
        or not user_id.isprintable()
        or user_id != user_id.strip()
    ):
        raise Refused(
            "user_id_invalid",
            f"The id of a user has 1 to {USER_ID_CHARACTERS_MAX} printable characters, and no"
            " space around them.",
            "userId",
        )
    if user_id.lower() == UNASSIGNED:
        raise Refused(
            "user_id_reserved",
            "Accounts that are unassigned have no user; no user has that id.",
            "userId",
        )
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not can_be_kept(name):
        raise Refused(
            "user_name_invalid",
            f"A user has a name of 1 to {NAME_CHARACTERS_MAX} characters.",
            "name",
        )
    if email and (
        len(email) > NAME_CHARACTERS_MAX
        or _EMAIL.fullmatch(email) is None
        or not email.isprintable()
    ):
        raise Refused("email_invalid", f"{email!r} is no e-mail address.", "email")
    return replace(profile, name=name, email=email or None, manager_id=profile.manager_id or None)


def check_manager(profile: UserProfile, managers: Sequence[UserFacts | None]) -> None:
    """See that the user's manager is there, and that no manager above is the user.

    Raises:
        Refused: if that is not so.
    """
    above = profile.manager_id
    if above is None:
        return
    if above == profile.user_id:
        raise Refused("manager_cycle", "Nobody is in a team of their own.", "managerId")
    known = {one.user_id: one for one in managers if one is not None}
    if above not in known:
        raise Refused("manager_unknown", f"There is no user {above}.", "managerId")
    if not known[above].active:
        raise Refused("manager_retired", f"The user {above} is retired.", "managerId")
    for _ in range(MANAGERS_MAX):
        facts = known.get(above)
        if facts is None:  # it moved since it was looked up whom to ask about
            raise Refused(
                "team_moved", "Teams were changed at the same time; try again.", "managerId"
            )
        if facts.manager_id == profile.user_id:
            raise Refused(
                "manager_cycle",
                f"{profile.manager_id} is in a team below {profile.user_id}.",
                "managerId",
            )
        if facts.manager_id is None:
            return
        above = facts.manager_id
    raise Refused("team_too_deep", f"More than {MANAGERS_MAX} managers are above.", "managerId")


def can_be_erased(user: User) -> bool:
    """Whether there is a retired user who was not erased."""
    return isinstance(user, Retired)


def facts(user: User) -> UserFacts | None:
    """Return what other decisions may know of the user; None if nothing is known of it."""
    if isinstance(user, NotRegistered):
        return None
    profile = user.profile
    return UserFacts(
        profile.user_id, profile.kind.value, profile.manager_id, isinstance(user, Active)
    )


USER: Decider[User, UserCommand, UserEvent] = Decider(
    category="user",
    events=(UserRegistered, UserChanged, UserRetired, UserReinstated, UserErased),
    initial=NotRegistered(),
    evolve=evolve,
    decide=decide,
)
