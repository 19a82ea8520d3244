"""An API key: lets a program or a person in with a role. Its secret is kept only as a digest.

NotIssued --issue--> Issued --revoke--> Revoked

A key is named after who has it. That is about the user for whom its holder acts, and goes with
them; of a key that acts for nobody it is about somebody whom only the key knows, and is erased by
the key's own name (`domain/erasure.py`). The key itself lets its holder in before and after.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import UserFacts
from domain.shared.personal import ERASED, Named
from domain.shared.roles import Role
from domain.shared.text import can_be_kept


class ApiKeyIssued(Event, frozen=True, omit_defaults=True):
    """A key was given out; `secret_sha256` is the hexadecimal digest of its secret.

    Its holder acts for the user `user_id`, if there is one.
    """

    personal: ClassVar[Mapping[str, Any]] = {"name": ERASED}
    names: ClassVar[Sequence[Named]] = (Named("user", ("user_id",)),)

    key_id: str
    name: str
    role: Role
    secret_sha256: str
    user_id: str | None = None


class ApiKeyRevoked(Event, frozen=True, omit_defaults=True):
    """The key lets nobody in any more."""

    key_id: str


class ApiKeyErased(Event, frozen=True, omit_defaults=True):
    """The person was erased after whom the key was named, which acts for no user."""

    erases: ClassVar[bool] = True

    erased_on: date


ApiKeyEvent: TypeAlias = ApiKeyIssued | ApiKeyRevoked | ApiKeyErased


class IssueApiKey(Struct, frozen=True):
    """Give out a key, to one who acts for a user if `user_id` is given."""

    key_id: str
    name: str
    role: Role
    secret_sha256: str
    user_id: str | None = None
    user: UserFacts | None = None

    def knowing(self, facts: Sequence[UserFacts | None]) -> "IssueApiKey":
        """Return the command that knows the user."""
        return replace(self, user=facts[0])


class RevokeApiKey(Struct, frozen=True):
    """Take a key back."""


class EraseApiKey(Struct, frozen=True):
    """Erase the person after whom the key is named, if that was `granted`."""

    business_date: date
    granted: bool = False

    def knowing(self, facts: Sequence[bool]) -> "EraseApiKey":
        """Return the command that knows whether the erasure was granted."""
        return replace(self, granted=facts[0])


ApiKeyCommand: TypeAlias = IssueApiKey | RevokeApiKey | EraseApiKey


class NotIssued(Struct, frozen=True):
    """There is no such key."""


class Issued(Struct, frozen=True):
    """The key is valid; `named` if it is named after somebody who is no user."""

    key_id: str
    named: bool = False


class Revoked(Struct, frozen=True):
    """The key was valid once; `named` as before."""

    named: bool = False


ApiKey: TypeAlias = NotIssued | Issued | Revoked


def evolve(key: ApiKey, event: ApiKeyEvent) -> ApiKey:
    """Remember `event`."""
    match key, event:
        case NotIssued(), ApiKeyIssued(key_id=key_id, user_id=user_id):
            return Issued(key_id, named=user_id is None)
        case Issued(named=named), ApiKeyRevoked():
            return Revoked(named)
        case Issued(named=True) | Revoked(named=True), ApiKeyErased():
            return replace(key, named=False)
        case _:
            raise ImpossibleHistory(f"{event} after {key}")


def decide(command: ApiKeyCommand, key: ApiKey) -> Sequence[ApiKeyEvent]:
    """Return the facts that `command` adds."""
    match key, command:
        case _, EraseApiKey(day, granted):
            return [ApiKeyErased(day)] if granted and can_be_erased(key) else []
        case NotIssued(), IssueApiKey(key_id, name, role, secret_sha256, user_id, user):
            if not name.strip():
                raise Refused("key_name_missing", "A key needs a name.", "name")
            if not can_be_kept(name):
                raise Refused("key_name_not_text", "The name of a key is plain text.", "name")
            if user_id is not None and user is None:
                raise Refused("user_unknown", f"There is no user {user_id}.", "userId")
            if user is not None and not user.active:
                raise Refused("user_retired", f"The user {user_id} is retired.", "userId")
            return [ApiKeyIssued(key_id, name.strip(), role, secret_sha256, user_id)]
        case Issued(key_id), RevokeApiKey():
            return [ApiKeyRevoked(key_id)]
        case Revoked(), RevokeApiKey():
            return []  # revoked already
        case NotIssued(), RevokeApiKey():
            raise Refused("key_unknown", "There is no such key.")
        case _:
            raise Refused("key_exists", "This key was issued already.")


def can_be_erased(key: ApiKey) -> bool:
    """Whether the key is named after somebody who is no user and was not erased."""
    return isinstance(key, Issued | Revoked) and key.named


API_KEY: Decider[ApiKey, ApiKeyCommand, ApiKeyEvent] = Decider(
    category="api_key",
    events=(ApiKeyIssued, ApiKeyRevoked, ApiKeyErased),
    initial=NotIssued(),
    evolve=evolve,
    decide=decide,
)
