"""What resolvers work with: who asks, and readings of the read models for a date and a moment."""

import asyncio
from collections.abc import Collection, Hashable
from contextlib import AsyncExitStack
from datetime import date, datetime
from typing import Any, TypeAlias, TypeVar

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.fastapi import BaseContext

from api.documents import TrustedDocuments
from api.errors import ApiError, Code
from domain.api_key import Role
from projections.query import Asking, Query
from projections.view import Asked
from runtime.personal_reads import PersonalReads, reader_of
from runtime.services import Caller, Services, Snapshot
from runtime.site import today

Answer = TypeVar("Answer")


class Reading:
    """The read models at a date and a moment, with what was loaded of them already.

    What is read of persons is added to `reads`, if the caller's role is one of which that is
    recorded.
    """

    def __init__(
        self, snapshot: Snapshot, asked: Asked, reads: PersonalReads | None = None
    ) -> None:
        self.snapshot = snapshot
        self.asked = asked
        self.reads = reads
        self.loaders: dict[Hashable, DataLoader[Any, Any]] = {}

    async def fetch(self, query: Query[Answer]) -> list[Answer]:
        """Return the answers to a question."""
        return await self.snapshot.fetch(query)

    async def answered(self, asking: Asking[Answer]) -> Answer:
        """Return what questions that depend on each other end with."""
        try:
            query = next(asking)
            while True:
                query = asking.send(await self.fetch(query))
        except StopIteration as done:
            return done.value


class Context(BaseContext):
    """One request, or one connection of subscriptions.

    A request may name the `operation` of its document; a connection knows which `documents` it
    serves. The `recorded_roles`, of which it is recorded what they read of persons, are those that
    the site names in what is read, unless they are given.
    """

    def __init__(
        self,
        services: Services,
        caller: Caller | None,
        request_id: str,
        *,
        operation: str | None = None,
        documents: TrustedDocuments | None = None,
        recorded_roles: Collection[Role] | None = None,
    ) -> None:
        super().__init__()
        self.operation = operation
        self.documents = documents
        self._recorded_roles = recorded_roles
        self.services = services
        self.known_caller = caller
        self.request_id = request_id
        self.reads = PersonalReads()
        self._stack = AsyncExitStack()
        self._turn = asyncio.Lock()
        self._snapshot: Snapshot | None = None
        self._readings: dict[tuple[date | None, datetime | None], Reading] = {}

    @property
    def caller(self) -> Caller:
        """Who asks.

        Raises:
            ApiError: if that is not known.
        """
        if self.known_caller is None:
            raise ApiError(Code.UNAUTHENTICATED, "An API key is needed.")
        return self.known_caller

    def require(self, *roles: Role) -> None:
        """Let only these roles pass.

        Raises:
            ApiError: if the caller has another.
        """
        if self.caller.role not in roles:
            names = ", ".join(roles)
            raise ApiError(
                Code.FORBIDDEN, f"This needs one of the roles {names}; yours is {self.caller.role}."
            )

    async def reading(self, as_of: date | None = None, known_at: datetime | None = None) -> Reading:
        """Return the read models at a date and a moment; all of a request are of one snapshot."""
        known = self._readings.get((as_of, known_at))
        if known is not None:
            return known
        async with self._turn:
            if self._snapshot is None:
                self._snapshot = await self._stack.enter_async_context(
                    self.services.reading(self.caller.tenant)
                )
            snapshot = self._snapshot
        caller = self.caller
        asked = _asked(snapshot, as_of, known_at, caller.actor, caller.reader)
        reading = Reading(snapshot, asked, self._recorded(snapshot))
        return self._readings.setdefault((as_of, known_at), reading)

    async def today(self) -> date:
        """Return the business date of now."""
        return (await self.reading()).asked.as_of

    async def reading_at_least(self, position: int) -> Reading | None:
        """Return the read models once they show `position`; None if they do not in time."""
        shown = await self.services.wait_until(
            self.caller.tenant, position, self.services.settings.request_seconds_max / 2
        )
        if not shown:
            return None
        await self.aclose()
        return await self.reading()

    async def newest_reading(self) -> Reading:
        """Return the read models once they show all that the log holds by now.

        Raises:
            ApiError: if they do not in time.
        """
        reading = await self.reading_at_least(await self.services.head(self.caller.tenant))
        if reading is None:
            raise ApiError(Code.NOT_CAUGHT_UP, "The read models lag behind; try again.")
        return reading

    def fresh_reading(self, snapshot: Snapshot, known_at: datetime | None = None) -> Reading:
        """Return a reading of now, of a snapshot of one's own, or as it was known at a moment."""
        return Reading(snapshot, _asked(snapshot, None, known_at), self._recorded(snapshot))

    def _recorded(self, snapshot: Snapshot) -> PersonalReads | None:
        """Return what personal data that is read is added to; None if it is not recorded."""
        roles = self._recorded_roles
        if roles is None:
            roles = snapshot.options.record_reads_of
        return self.reads if self.caller.role in roles else None

    async def record_reads(self) -> None:
        """Record what was read of persons since the last time; before that nothing is sent.

        Raises:
            ReadNotRecorded: if it cannot be recorded; then what was read must not be sent.
        """
        if self.known_caller is None:
            return
        caller = self.caller
        reader = reader_of(caller)
        read = self.reads.taken(reader, self.request_id, self.operation)
        if read is not None:
            await self.services.record_read(self.caller.tenant, read)

    async def aclose(self) -> None:
        """Give the snapshot back; the next reading is of a newer one."""
        self._snapshot = None
        self._readings.clear()
        await self._stack.aclose()


def _asked(
    snapshot: Snapshot,
    as_of: date | None,
    known_at: datetime | None,
    viewer: str = "",
    reader: str = "",
) -> Asked:
    return Asked(
        snapshot.tenant,
        snapshot.options,
        as_of if as_of is not None else today(snapshot.options, snapshot.moment),
        in_past=as_of is not None,
        known_at=known_at,
        viewer=viewer,
        reader=reader,
    )


Info: TypeAlias = strawberry.Info[Context, None]
"""What resolvers are given."""
