"""Which events belong to the same request or run as others: those near them in the log."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from domain.personal_contact import PERSONAL_CONTACT
from projections.query import Query, sql

CORRELATED_MAX = 50
"""Events told of one, the nearest ones."""

NEAR_POSITIONS = 500
"""How far away what a sync or a run of rules did in bulk is looked for, in positions."""

_SEEN = """x.tenant = %(tenant)s AND (%(seen_by)s::text IS NULL OR x.actor = %(seen_by)s
                OR x.stream NOT LIKE %(personal)s)"""
_BULK = r"(x.cause LIKE 'sync/%%' OR x.cause LIKE 'rule\_run/%%')"
_OF_BULK = r"(w.correlation LIKE 'sync/%%' OR w.correlation LIKE 'rule\_run/%%')"
_NOT_BULK = r"x.cause NOT LIKE 'sync/%%' AND x.cause NOT LIKE 'rule\_run/%%'"


class CorrelatedTo(Struct, frozen=True):
    """An event, and the correlation that it shares with others."""

    position: int
    correlation: str


class Correlated(Struct, frozen=True):
    """That an event belongs to the one at a position."""

    of: int
    position: int


def correlated(
    tenant: int, asked: Sequence[CorrelatedTo], seen_by: str | None
) -> Query[Correlated]:
    """Return the question for the events near others with which they share their correlation.

    `seen_by` is the actor who asks, of whom personal contacts are only their own; None sees all.
    """
    statement = f"""
        SELECT w.position, c.position
        FROM unnest(%(positions)s::bigint[], %(correlations)s::text[])
            AS w (position, correlation)
        CROSS JOIN LATERAL (
            (SELECT x.position FROM public.events x
            WHERE {_SEEN} AND x.correlation = w.correlation AND {_NOT_BULK}
                AND x.position < w.position
            ORDER BY x.position DESC LIMIT {CORRELATED_MAX})
            UNION ALL
            (SELECT x.position FROM public.events x
            WHERE {_SEEN} AND x.correlation = w.correlation AND {_NOT_BULK}
                AND x.position > w.position
            ORDER BY x.position LIMIT {CORRELATED_MAX})
            UNION ALL
            (SELECT x.position FROM public.events x
            WHERE {_SEEN} AND x.correlation = w.correlation AND {_BULK} AND {_OF_BULK}
                AND x.position BETWEEN w.position - {NEAR_POSITIONS} AND w.position - 1
            ORDER BY x.position DESC LIMIT {CORRELATED_MAX})
            UNION ALL
            (SELECT x.position FROM public.events x
            WHERE {_SEEN} AND x.correlation = w.correlation AND {_BULK} AND {_OF_BULK}
                AND x.position BETWEEN w.position + 1 AND w.position + {NEAR_POSITIONS}
            ORDER BY x.position LIMIT {CORRELATED_MAX})
        ) c"""
    parameters = {
        "tenant": tenant,
        "seen_by": seen_by,
        "personal": f"{PERSONAL_CONTACT.category}/%",
        "positions": [one.position for one in asked],
        "correlations": [one.correlation for one in asked],
    }
    return Query(sql(statement), parameters, Correlated)


def nearest(found: Sequence[Correlated]) -> dict[int, list[int]]:
    """Return the positions of the nearest events to each, in the order of the log."""
    by_event: dict[int, list[int]] = defaultdict(list)
    for one in found:
        by_event[one.of].append(one.position)
    return {
        at: sorted(sorted(there, key=lambda position: abs(position - at))[:CORRELATED_MAX])
        for at, there in by_event.items()
    }
