"""Read model: API keys, whom they let in and as what."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from domain.api_key import API_KEY, ApiKeyErased, ApiKeyIssued, ApiKeyRevoked, Role
from domain.shared.personal import ERASED
from domain.shared.streams import stream_key
from domain.user import UserErased
from eventstore.log import Recorded
from projections.projection import EntityRows, Naming, ReadModel, Row, Table, begins_stream


class ApiKeyRow(Row, frozen=True, array_like=True, gc=False):
    """A key as known; its secret is kept only as a digest."""

    tenant: int
    key_id: str
    name: str
    role: str
    secret_sha256: str
    revoked: bool
    user_id: str | None
    known_from: datetime


class ApiKeyState(Struct, gc=False):
    """A key while its events are folded."""

    issued: ApiKeyIssued
    revoked: bool


def evolve(state: ApiKeyState | None, recorded: Recorded) -> ApiKeyState:
    """Remember that the key was issued or revoked, and forget after whom it was named."""
    event = recorded.event
    if isinstance(event, ApiKeyIssued):
        return ApiKeyState(event, revoked=False)
    if state is None:
        raise LookupError(f"{recorded.stream} was not issued.")
    if isinstance(event, ApiKeyErased):
        state.issued = replace(state.issued, name=ERASED)
    else:
        state.revoked = True
    return state


def rows(state: ApiKeyState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the key's row."""
    one = state.issued
    return (
        (
            ApiKeyRow(
                tenant,
                one.key_id,
                one.name,
                one.role.value,
                one.secret_sha256,
                state.revoked,
                one.user_id,
                known_from,
            ),
        ),
    )


def restore(stored: EntityRows) -> ApiKeyState:
    """Return the state of a stored row."""
    row = cast("ApiKeyRow", stored[0][0])
    issued = ApiKeyIssued(row.key_id, row.name, Role(row.role), row.secret_sha256, row.user_id)
    return ApiKeyState(issued, row.revoked)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the key's id."""
    return stream_key(recorded.stream)


def of_user(recorded: Recorded) -> Mapping[str, str]:
    """Return what rows hold of keys that act for the user whom an event is about."""
    return {"user_id": stream_key(recorded.stream)[0]}


API_KEYS: ReadModel[Any, ApiKeyState] = ReadModel(
    name="api_keys",
    tables=(Table("api_keys", ApiKeyRow, ("key_id",), ("key_id",)),),
    handles=(ApiKeyIssued, ApiKeyRevoked, ApiKeyErased),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
    naming=Naming(API_KEY.category, {UserErased: of_user}),
)
