"""Telling users of the records of grid alerts, each of the records of their own accounts (ALR-02).

A message has an Excel file of just those records and a link to the live ones (ALR-03). Its id is
made of the alert, the user, the date and the occasion, so that whoever processes an alert again
delivers nothing twice.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import chain, islice
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct
from psycopg import Connection, IsolationLevel
from psycopg_pool import ConnectionPool

from application.handling import Handled, Request, handle_all
from application.messages import message_request
from domain.conditions import ALWAYS, Condition, described, field_words
from domain.grid_alert import GridAlertDocument
from domain.message import MessageKind, StoredFile, message_id
from domain.shared.decider import Refused
from eventstore.files import store_file
from eventstore.postgres import PostgresLog
from projections.grid_alerts import active_alerts
from projections.grids import own_records, shown_by
from projections.listing import Cut, Listing, Record, page
from projections.messages import delivered_among
from projections.query import fetch
from projections.users import active_users
from projections.view import Asked, View
from runtime.after_sync import ALIVE_POLL_SECONDS
from runtime.database import Database
from runtime.site import site_options
from runtime.spreadsheets import MEDIA_TYPE, Column, workbook
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker, wait_until

RECORDS_MAX = 100_000
"""Records in a file at most; a message says where there are more."""

PAGE_RECORDS = 5_000

AS_PLANNED = ""
"""The occasion of what a schedule fires; by hand, each time is one of its own."""


class AlertProcessed(Struct, frozen=True):
    """Who was sent how many records, and the position at which all of it is complete."""

    delivered: Sequence[tuple[str, int]]
    position: int


def process_grid_alert(
    database: Database,
    tenant: Tenant,
    alert_id: str,
    business_date: date,
    *,
    actor: str,
    cause: str,
    occasion: str = AS_PLANNED,
    public_url: str | None = None,
) -> AlertProcessed:
    """Tell the recipients of an alert of their records on a date, and nobody of none.

    Who has been told for the date and the occasion is not told again. Returns when the read models
    show it.

    Raises:
        Refused: if there is no such alert in force, or its grid no longer has a field of it.
    """
    url = database.url("worker")
    with (
        database.connect("worker") as connection,
        database.pool("app", size=1) as pool,
        ReadModelWorker(url, lambda _: [tenant.id]) as worker,
    ):
        log = PostgresLog(pool, tenant.id)
        position = log.head().position
        while not wait_until(connection, tenant.id, position, ALIVE_POLL_SECONDS):
            worker.keep_alive()
        telling = _Telling(connection, pool, tenant.id, alert_id, business_date, occasion)
        delivered: list[tuple[str, int]] = []
        for user_id in telling.recipients():
            found = telling.request(user_id, actor=actor, cause=cause, public_url=public_url)
            if found is None:
                continue
            count, request = found
            (outcome,) = handle_all(log, [request])
            if isinstance(outcome, Handled) and outcome.events:
                delivered.append((user_id, count))
                position = max(position, outcome.position)
        while not wait_until(connection, tenant.id, position, ALIVE_POLL_SECONDS):
            worker.keep_alive()
    return AlertProcessed(delivered, position)


class _Telling:
    """An alert that is told for a date."""

    def __init__(
        self,
        connection: Connection[Any],
        pool: ConnectionPool[Connection[Any]],
        tenant: int,
        alert_id: str,
        business_date: date,
        occasion: str,
    ) -> None:
        self._connection = connection
        self._pool = pool
        self._tenant = tenant
        self._date = business_date
        self._occasion = occasion
        self._options = site_options(connection, tenant)
        found = fetch(connection, active_alerts(tenant, alert_id))
        if not found:
            raise Refused("grid_alert_unknown", "There is no such alert in force.", "alertId")
        self._alert: GridAlertDocument = found[0]
        self._where: Condition = shown_by(self._alert.grid, self._alert.filter)
        self._view: View = own_records(self._alert.grid)
        self._shown = shown_columns(self._view, self._alert.columns)

    def recipients(self) -> list[str]:
        """Return the users who are active and have not been told."""
        ids = {one: self._message_id(one) for one in self._alert.recipients}
        told = set(fetch(self._connection, delivered_among(self._tenant, list(ids.values()))))
        active = set(fetch(self._connection, active_users(self._tenant)))
        return [one for one in ids if one in active and ids[one] not in told]

    def request(
        self, user_id: str, *, actor: str, cause: str, public_url: str | None
    ) -> tuple[int, Request] | None:
        """Return how many records a user is told of, and what tells them; None if of none.

        The file is stored then.
        """
        alert = self._alert
        asked = Asked(self._tenant, self._options, self._date, in_past=True, reader=user_id)
        with _one_moment(self._connection):
            records = self._records(asked)
            first = next(records, None)
            if first is None:
                return None
            rows = _Counted(islice(chain([first], records), RECORDS_MAX))
            content = workbook(
                alert.name,
                [self._column(place) for place in range(len(self._shown))],
                rows,
                created=self._date,
                time_zone=self._options.time_zone,
            )
            more = next(records, None) is not None
        digest = store_file(self._pool, self._tenant, content)
        file = StoredFile(
            f"{_file_name(alert)} {self._date}.xlsx", MEDIA_TYPE, len(content), digest
        )
        count = _counted(rows.count, alert)
        told = message_request(
            self._what(user_id),
            MessageKind.ALERT,
            f"{alert.name}: {'more than ' if more else ''}{count}",
            self._body(count, more=more),
            actor=actor,
            business_date=self._date,
            cause=cause,
            user_id=user_id,
            attachment=file,
            link=_link(public_url, alert),
        )
        return rows.count, told

    def _what(self, user_id: str) -> tuple[str, ...]:
        return self._alert.alert_id, user_id, self._date.isoformat(), self._occasion

    def _message_id(self, user_id: str) -> str:
        return message_id(MessageKind.ALERT.value, *self._what(user_id))

    def _records(self, asked: Asked) -> Iterator[Sequence[Any]]:
        """Give the records of a user, page by page, each with the values that are shown."""
        listing = Listing(self._view, asked, tuple(self._shown), self._where)
        places = [listing.columns.index(name) for name in self._shown]
        keys = [listing.columns.index(one.field) for one in listing.full_order]
        after: tuple[Any, ...] | None = None
        while True:
            found: list[Record] = fetch(
                self._connection, page(listing, Cut(PAGE_RECORDS, after=after))
            )
            for record in found:
                yield [record.values[place] for place in places]
            if len(found) < PAGE_RECORDS:
                return
            after = tuple(found[-1].values[place] for place in keys)

    def _column(self, place: int) -> Column:
        field = self._view.field(self._shown[place])
        later = self._shown[place:]
        currency = place + later.index(field.currency) if field.currency in later else None
        words = field_words(field.name)
        return Column(words[:1].upper() + words[1:], field.kind, currency)

    def _body(self, count: str, *, more: bool) -> str:
        verb = "meets" if count.startswith("1 ") else "meet"
        told = f"As of {self._date}, {count} of your accounts {verb} the condition of the alert"
        told += "." if self._where == ALWAYS else f": {described(self._where)}."
        return f"{told} There are more than the file holds." if more else told


class _Counted:
    """Rows that are counted as they go by."""

    def __init__(self, rows: Iterator[Sequence[Any]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._rows:
            self.count += 1
            yield row


@contextmanager
def _one_moment(connection: Connection[Any]) -> Generator[None]:
    """Let all pages of a list be of the same moment."""
    before = connection.isolation_level
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    try:
        with connection.transaction():
            yield
    finally:
        connection.isolation_level = before


def shown_columns(view: View, names: Sequence[str]) -> list[str]:
    """Return the fields that are shown: amounts are followed by their currency."""
    shown: list[str] = []
    for name, following in zip(names, [*names[1:], ""], strict=True):
        shown.append(name)
        currency = view.field(name).currency
        if (
            currency
            and following != currency
            and (not following or view.field(following).currency != currency)
        ):
            shown.append(currency)
    return shown


def _counted(count: int, alert: GridAlertDocument) -> str:
    """Return a number of records in words."""
    records = alert.grid.value.replace("_", " ")
    if count == 1:
        records = f"{records[:-3]}y" if records.endswith("ies") else records[:-1]
    return f"{count:,} {records}"


def _file_name(alert: GridAlertDocument) -> str:
    plain = "".join(one if one.isalnum() or one in " -_." else "_" for one in alert.alert_id)
    return plain[:80].strip(" .") or "alert"


def _link(public_url: str | None, alert: GridAlertDocument) -> str | None:
    """Return where the frontend shows the records live."""
    if public_url is None:
        return None
    asked = urlencode({"filter": alert.filter, "alert": alert.alert_id}, quote_via=quote)
    return f"{public_url.rstrip('/')}/{alert.grid.value}?{asked}"
