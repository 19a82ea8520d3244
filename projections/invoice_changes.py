"""Which documents changed between two positions of the log, for those who follow them live."""

from typing import Any

from domain.invoice import INVOICE
from domain.shared.streams import stream_key
from projections.query import Query, sql

EVENTS_MAX = 2_000
"""Positions looked through at once, at most."""


def changed_invoices(tenant: int, after: int, until: int) -> Query[tuple[str, ...]]:
    """Return the question for the keys of documents with events after `after` up to `until`."""
    parameters: dict[str, Any] = {
        "tenant": tenant,
        "after": after,
        "until": until,
        "first": f"{INVOICE.category}/",
        "beyond": f"{INVOICE.category}0",
    }
    statement = """
        SELECT stream FROM public.events
        WHERE tenant = %(tenant)s AND position > %(after)s AND position <= %(until)s
          AND stream >= %(first)s AND stream < %(beyond)s
        GROUP BY stream ORDER BY max(position)"""
    return Query(sql(statement), parameters, stream_key)
