"""What led to events: from each, run by run, up to the command or the job that began it.

An event names its cause. Where that is a run or a firing of a job, that has events of its own,
which name theirs.
"""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from domain.job_firing import JOB_FIRING, JobFiringClaimed
from domain.rule_run import RULE_RUN
from domain.shared.streams import stream_name
from domain.sync_run import SYNC_RUN
from projections.api_keys import API_KEYS
from projections.query import Query, sql
from projections.users import USERS

CAUSES_MAX = 8
"""Links of a chain at most."""

_SYNC = "sync"
(_KEYS,) = API_KEYS.tables
(_USERS,) = USERS.tables


class Cause(Struct, frozen=True):
    """A link of a chain: what an event names as its cause, and the event that tells of that.

    A command has no event of its own beside those it led to; then all but the reference is None.
    """

    reference: str
    position: int | None = None
    stream: str | None = None
    type: str | None = None
    effective_on: date | None = None
    recorded_at: datetime | None = None
    actor: str | None = None
    actor_name: str | None = None
    user_name: str | None = None


class CauseOf(Struct, frozen=True):
    """What is asked: the cause that an event at a position names.

    Where that is a step that has no events of its own, its correlation names the run it was of.
    """

    position: int
    reference: str
    correlation: str = ""


class FoundCause(Struct, frozen=True):
    """An event that tells of a cause: for the cause of this place, which names one itself."""

    place: int
    cause: str
    event: Cause


def streams_named(reference: str) -> list[str]:
    """Return the streams that may tell of a cause; none of a command."""
    kind, _, named = reference.partition("/")
    if kind == _SYNC:
        return [stream_name(SYNC_RUN.category, named)]
    if kind == RULE_RUN.category:
        class_id, _, on = named.rpartition("/")
        return [stream_name(RULE_RUN.category, class_id, on)]
    if kind == JOB_FIRING.category:
        cuts = [place for place, letter in enumerate(named) if letter == "@"]
        return [stream_name(JOB_FIRING.category, named[:at], named[at + 1 :]) for at in cuts]
    return []


def causes_found(tenant: int, asked: Sequence[CauseOf]) -> Query[FoundCause]:
    """Return the question for the events that tell of causes; places count those asked.

    A firing was claimed before what it led to; a run is recorded when it is over, and a sync before
    what follows from it.
    """
    wanted = [
        (place, one.position, stream)
        for place, one in enumerate(asked)
        for stream in streams_named(one.reference)
    ]
    statement = f"""
        SELECT w.place, e.cause, e.position, e.stream, e.type, e.effective_on, e.recorded_at,
            e.actor, k.name, u.name
        FROM unnest(%(places)s::integer[], %(positions)s::bigint[], %(streams)s::text[])
            AS w (place, position, stream)
        CROSS JOIN LATERAL (
            (SELECT x.* FROM public.events x
            WHERE x.tenant = %(tenant)s AND x.stream = w.stream AND x.type = %(claimed)s
                AND x.position < w.position
            ORDER BY x.version DESC LIMIT 1)
            UNION ALL
            (SELECT x.* FROM public.events x
            WHERE x.tenant = %(tenant)s AND x.stream = w.stream AND x.position > w.position
                AND w.stream NOT LIKE %(firings)s
            ORDER BY x.version LIMIT 1)
            UNION ALL
            (SELECT x.* FROM public.events x
            WHERE x.tenant = %(tenant)s AND x.stream = w.stream AND x.position < w.position
                AND w.stream LIKE %(syncs)s
            ORDER BY x.version LIMIT 1)
        ) e
        LEFT JOIN {_KEYS.name} k ON k.tenant = e.tenant AND e.actor = 'key/' || k.key_id
        LEFT JOIN {_USERS.name} u ON u.tenant = k.tenant AND u.user_id = k.user_id"""
    parameters = {
        "tenant": tenant,
        "places": [place for place, _, _ in wanted],
        "positions": [position for _, position, _ in wanted],
        "streams": [stream for _, _, stream in wanted],
        "claimed": JobFiringClaimed.__name__,
        "firings": f"{JOB_FIRING.category}/%",
        "syncs": f"{SYNC_RUN.category}/%",
    }

    def found(place: int, cause: str, *event: object) -> FoundCause:
        return FoundCause(place, cause, _cause(asked[place].reference, event))

    return Query(sql(statement), parameters, found)


def _cause(reference: str, event: Sequence[object]) -> Cause:
    return Cause(reference, *event)  # pyright: ignore[reportArgumentType]


class Chains:
    """The chains of causes of events, put together level by level.

    `asked` is what is to be found next; `take` takes in what was found of it.
    """

    def __init__(self, events: Sequence[CauseOf]) -> None:
        self.chains: list[list[Cause]] = [[] for _ in events]
        self._ends: list[tuple[int, CauseOf]] = list(enumerate(events))

    @property
    def asked(self) -> list[CauseOf]:
        """The causes whose events are to be found, each once; none when all is known."""
        return list(dict.fromkeys(one for _, one in self._ends if streams_named(one.reference)))

    def take(self, found: Sequence[FoundCause]) -> None:
        """Add a link to each chain that is not at its end."""
        asked = self.asked
        known = {asked[one.place]: one for one in found}
        ends: list[tuple[int, CauseOf]] = []
        for place, one in self._ends:
            chain = self.chains[place]
            told = known.get(one)
            chain.append(Cause(one.reference) if told is None else told.event)
            if len(chain) == CAUSES_MAX:
                continue
            if told is None:
                if not streams_named(one.reference) and streams_named(one.correlation):
                    ends.append((place, CauseOf(one.position, one.correlation)))
                continue
            if told.cause == one.reference:
                continue
            assert told.event.position is not None
            ends.append((place, CauseOf(told.event.position, told.cause)))
        self._ends = ends

    @property
    def complete(self) -> bool:
        """Whether every chain has reached its origin."""
        return not self._ends
