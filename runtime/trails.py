"""Trails of events, read from end to end: who did what, when, why, and what it changed.

They are read by a cursor of the database, as they are at one moment, and some thousand events at a
time are told what led to them and what they changed, so that a trail of any length takes little
memory.
"""

from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct
from psycopg import Connection

from domain.conditions import AllOf, Compared, Condition, Operator
from domain.shared.decider import Refused
from projections.audit_causes import Cause, CauseOf, Chains, causes_found
from projections.audit_changes import Change, StoredEvent, Stream, events_up_to
from projections.audit_trail import AUDIT_TRAIL, asked_about, seen_by, told_text, trail_of
from projections.listing import Cut, Listing, page
from projections.query import fetch
from projections.subjects import SUBJECT_KEYS, Subject, SubjectKind, companies_with
from projections.view import Asked
from runtime.after_sync import ALIVE_POLL_SECONDS
from runtime.database import Database
from runtime.site import site_options, today
from runtime.snapshots import at_one_moment
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker, wait_until

PAGE_EVENTS = 1_000
"""Events that are told what led to them and what they changed together."""

STREAMS_MAX = 5_000
"""Streams whose state is remembered from page to page, at most."""

_EVERYTHING = 2**62

_SELECTED = (
    "position",
    "stream",
    "category",
    "version",
    "type",
    "data",
    "effective_on",
    "recorded_at",
    "actor",
    "actor_name",
    "user_id",
    "user_name",
    "cause",
    "correlation",
)


class TrailEvent(Struct, frozen=True, kw_only=True):
    """An event of a trail; `data` is its JSON, `causes` its chain, nearest first.

    `changes` is None where this version of the product cannot read the event's stream.
    """

    position: int
    stream: str
    category: str
    version: int
    type: str
    data: msgspec.Raw
    effective_on: date
    recorded_at: datetime
    actor: str
    actor_name: str | None
    user_id: str | None
    user_name: str | None
    cause: str
    correlation: str
    causes: Sequence[Cause]
    changes: Sequence[Change] | None


class TrailFilter(Struct, frozen=True):
    """Which events of a trail: all that is given must hold.

    Moments and dates are the first and the last of those that are meant, positions likewise;
    `recorded_after` is the moment before the first.
    """

    subject: Subject | None = None
    types: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    recorded_after: datetime | None = None
    recorded_until: datetime | None = None
    effective_from: date | None = None
    effective_until: date | None = None
    first_position: int | None = None
    last_position: int | None = None

    @property
    def condition(self) -> Condition:
        """What must hold of an event."""
        told: list[tuple[str, Operator, Any]] = [
            ("type", Operator.IN, list(self.types) or None),
            ("actor", Operator.IN, list(self.actors) or None),
            ("category", Operator.IN, list(self.categories) or None),
            ("recorded_at", Operator.GT, self.recorded_after),
            ("recorded_at", Operator.LTE, self.recorded_until),
            ("effective_on", Operator.GTE, self.effective_from),
            ("effective_on", Operator.LTE, self.effective_until),
            ("position", Operator.GTE, self.first_position),
            ("position", Operator.LTE, self.last_position),
        ]
        return AllOf([Compared(*one) for one in told if one[2] is not None])


def find_subject(
    connection: Connection[Any], tenant: Tenant, kind: SubjectKind, key: tuple[str, ...]
) -> Subject:
    """Return the subject of a key, from which the company of some kinds may be left out.

    Raises:
        Refused: if there is none without a company, or there are several.
    """
    if len(key) == len(SUBJECT_KEYS[kind]):
        return Subject(kind, key)
    found = fetch(connection, companies_with(tenant.id, kind, key[0]))
    what = f"{kind.value} {key[0]}"
    if not found:
        raise Refused(f"{kind.value}_unknown", f"There is no {what}.", "company")
    if len(found) > 1:
        told = ", ".join(found)
        raise Refused("company_needed", f"There is an {what} in each of {told}.", "company")
    return Subject(kind, (found[0], *key))


def catch_up(database: Database, tenant: Tenant) -> None:
    """Wait until the read models show what the log holds by now, keeping them meanwhile.

    Raises:
        ReadModelStopped: if one of them cannot follow.
    """
    url = database.url("worker")
    with (
        database.connect("worker") as connection,
        ReadModelWorker(url, lambda _: [tenant.id]) as worker,
    ):
        row = connection.execute(
            "SELECT position FROM heads WHERE tenant = %s", (tenant.id,)
        ).fetchone()
        position = 0 if row is None else row[0]
        while not wait_until(connection, tenant.id, position, ALIVE_POLL_SECONDS):
            worker.keep_alive()


def read_trail(
    connection: Connection[Any],
    tenant: int,
    wanted: TrailFilter,
    *,
    viewer: str | None = None,
) -> Generator[TrailEvent]:
    """Yield the events of a trail in the order of the log, all as of one moment.

    `viewer` is the actor for whom it is read, of whom personal contacts are only their own; None
    sees all.
    """
    with at_one_moment(connection):
        options = site_options(connection, tenant)
        asked, view = Asked(tenant, options, today(options)), AUDIT_TRAIL
        if wanted.subject is not None:
            asked, view = asked_about(asked, wanted.subject), trail_of(wanted.subject)
        listing = Listing(view, asked, _SELECTED, AllOf([wanted.condition, seen_by(viewer)]))
        query = page(listing, Cut(_EVERYTHING))
        replayer = Replayer(connection, tenant)
        with closing(connection.cursor(name="trail")) as cursor:
            cursor.itersize = PAGE_EVENTS
            cursor.execute(query.statement, query.parameters)
            while rows := cursor.fetchmany(PAGE_EVENTS):
                told = [dict(zip(listing.columns, row, strict=True)) for row in rows]
                yield from _completed(connection, tenant, replayer, told)


def _completed(
    connection: Connection[Any], tenant: int, replayer: "Replayer", rows: list[dict[str, Any]]
) -> Iterator[TrailEvent]:
    """Yield a page of events with what led to them and what they changed."""
    chains = Chains([CauseOf(row["position"], row["cause"], row["correlation"]) for row in rows])
    while not chains.complete:
        asked = chains.asked
        chains.take(fetch(connection, causes_found(tenant, asked)) if asked else [])
    changes = replayer.changes([(row["stream"], row["version"]) for row in rows])
    for row, causes in zip(rows, chains.chains, strict=True):
        data = msgspec.Raw(told_text(row.pop("data")))
        told = changes[row["stream"], row["version"]]
        yield TrailEvent(**row, data=data, causes=causes, changes=told)


class Replayer:
    """Replays streams as far as their events are asked for, page by page of a trail.

    The streams that were used least recently are forgotten, and replayed from their beginning if
    they come again.
    """

    def __init__(self, connection: Connection[Any], tenant: int) -> None:
        self._connection = connection
        self._tenant = tenant
        self._known: OrderedDict[str, Stream] = OrderedDict()

    def changes(
        self, events: Sequence[tuple[str, int]]
    ) -> dict[tuple[str, int], list[Change] | None]:
        """Return what events changed, by stream and version."""
        wanted: dict[str, list[int]] = {}
        for stream, version in events:
            wanted.setdefault(stream, []).append(version)
        streams = {name: self._replayed(name, min(wanted[name])) for name in wanted}
        stretches = {name: (one.version, max(wanted[name])) for name, one in streams.items()}
        query = events_up_to(self._tenant, stretches)
        found: dict[tuple[str, int], list[Change] | None] = {}
        asked = frozenset(events)
        with closing(self._connection.cursor()) as cursor:
            for row in cursor.stream(query.statement, query.parameters):
                event = StoredEvent(*row)
                changed = streams[event.stream].next(event)
                if (event.stream, event.version) in asked:
                    found[event.stream, event.version] = changed
        self._keep(streams)
        return found

    def _replayed(self, name: str, first: int) -> Stream:
        """Return a stream as it was before a version, as far as it is known, or its beginning."""
        known = self._known.get(name)
        return known if known is not None and known.version < first else Stream(name)

    def _keep(self, streams: dict[str, Stream]) -> None:
        for name, stream in streams.items():
            self._known[name] = stream
            self._known.move_to_end(name)
        while len(self._known) > STREAMS_MAX:
            self._known.popitem(last=False)
