"""Reads the log and keeps the read models: pages in, rows and position out, in one commit.

A tenant is advanced by one runner at a time (an advisory lock of its session, gone with it), and
the position moves by compare-and-set in the same transaction as the rows: exactly once, however
often the process is killed. Pages end where appends end. An event that cannot be folded stops its
read model for its tenant, loudly, and nothing is skipped; the others go on.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from msgspec import Struct
from psycopg import Connection, OperationalError, sql

from domain.shared.streams import stream_name
from eventstore.codec import Unreadable
from eventstore.log import APPEND_EVENTS_MAX, Recorded
from eventstore.postgres import read_named_streams, read_page
from projections.catalogue import READ_MODELS
from projections.projection import EntityKey, Keyed, ReadModel, fold, keys_to_load, sort_out
from projections.stored_rows import forget, load_entities, named, store

PAGE_EVENTS_MAX = 4 * APPEND_EVENTS_MAX
"""Events read, folded and stored in one transaction at most; holds at least one whole append."""

_LEASE_CLASS = 7412

log = structlog.get_logger(__name__)


class Cursor(Struct, frozen=True):
    """How far a read model has read a tenant's log."""

    read_model: str
    position: int
    stopped_at: int | None = None
    error: str | None = None


class CursorMoved(Exception):
    """Another runner advanced the tenant meanwhile; this one's page is void."""


class Runner:
    """Keeps the read models of one tenant, on one connection of the worker role.

    `schema` is where the read models live; a rebuild fills another than the one people read.
    """

    def __init__(
        self,
        connection: Connection[Any],
        tenant: int,
        read_models: Sequence[ReadModel[Any, Any]] = READ_MODELS,
        schema: str = "read_models",
    ) -> None:
        self.connection = connection
        self.tenant = tenant
        self.read_models = {one.name: one for one in read_models}
        self.schema = schema
        connection.execute(sql.SQL("SET search_path = {}, public").format(sql.Identifier(schema)))

    def lease(self) -> bool:
        """Become the one that advances the tenant; False if another process is."""
        row = self.connection.execute(
            "SELECT pg_try_advisory_lock(%s, hashtext(%s))",
            (_LEASE_CLASS, f"{self.schema}/{self.tenant}"),
        ).fetchone()
        return bool(row and row[0])

    def release(self) -> None:
        """Let another process advance the tenant."""
        self.connection.execute(
            "SELECT pg_advisory_unlock(%s, hashtext(%s))",
            (_LEASE_CLASS, f"{self.schema}/{self.tenant}"),
        )

    def cursors(self) -> dict[str, Cursor]:
        """Return the cursors of this runner's read models, made where there were none."""
        rows = self.connection.execute(
            "SELECT read_model, position, stopped_at, error FROM cursors WHERE tenant = %s",
            (self.tenant,),
        ).fetchall()
        known = {row[0]: Cursor(*row) for row in rows}
        missing = [name for name in self.read_models if name not in known]
        if missing:
            self.connection.execute(
                "INSERT INTO cursors (tenant, read_model) SELECT %s, unnest(%s::text[])"
                " ON CONFLICT DO NOTHING",
                (self.tenant, missing),
            )
        return {name: known.get(name, Cursor(name, 0)) for name in self.read_models}

    def begin_at(self, position: int) -> None:
        """Take it that this runner's read models have been filled up to a position."""
        self.connection.execute(
            "INSERT INTO cursors (tenant, read_model, position) SELECT %s, unnest(%s::text[]), %s",
            (self.tenant, list(self.read_models), position),
        )

    def catch_up(self, until: int | None = None) -> int:
        """Advance to the head of the log, or to the position `until`; return events read."""
        read = 0
        while advanced := self.advance(until):
            read += advanced
        return read

    def advance(self, until: int | None = None) -> int:
        """Fold one page into every read model that goes on; return how many events it held."""
        cursors = {
            name: one.position for name, one in self.cursors().items() if one.stopped_at is None
        }
        if not cursors:
            return 0
        page = self._page(min(cursors.values()), until)
        if not page:
            return 0
        end = page[-1].position
        cursors = {name: position for name, position in cursors.items() if position < end}
        if isinstance(page[0].event, Unreadable):
            for name in cursors:
                self._stop(name, page[0], page[0].event.error)
            return 0
        try:
            self._store(page, cursors)
        except (CursorMoved, OperationalError):
            raise
        except Exception:  # noqa: BLE001  (found, named and stored just below)
            if len(cursors) == 1:
                self._stop_at_event(next(iter(cursors)), page)
            else:
                for name, position in cursors.items():
                    try:
                        self._store(page, {name: position})
                    except (CursorMoved, OperationalError):
                        raise
                    except Exception:  # noqa: BLE001  (found, named and stored just below)
                        self._stop_at_event(name, page)
        return len(page)

    def retry(self, read_model: str) -> None:
        """Let a stopped read model try its event again."""
        self.connection.execute(
            "UPDATE cursors SET stopped_at = NULL, error = NULL"
            " WHERE tenant = %s AND read_model = %s",
            (self.tenant, read_model),
        )

    def _page(self, after: int, until: int | None) -> list[Recorded]:
        """Return a page of events that ends where an append ends."""
        limit = PAGE_EVENTS_MAX
        if until is not None:
            limit = min(limit, until - after)
        if limit <= 0:
            return []
        page = read_page(self.connection, self.tenant, after, limit)
        if len(page) < limit or limit < PAGE_EVENTS_MAX:
            return page
        last = page[-1].recorded_at
        end = len(page)
        while end and page[end - 1].recorded_at == last:
            end -= 1
        return page[:end] or page

    def _store(self, page: Sequence[Recorded], cursors: dict[str, int]) -> None:
        """Fold a page into the named read models and commit rows and positions together."""
        end = page[-1].position
        with self.connection.transaction():
            moved = self.connection.execute(
                "UPDATE cursors SET position = %s, moved_at = clock_timestamp()"
                " FROM unnest(%s::text[], %s::bigint[]) AS expected (read_model, position)"
                " WHERE cursors.tenant = %s AND cursors.read_model = expected.read_model"
                " AND cursors.position = expected.position AND cursors.stopped_at IS NULL",
                (end, list(cursors), list(cursors.values()), self.tenant),
            ).rowcount
            if moved != len(cursors):
                raise CursorMoved
            relevant = sort_out([self.read_models[name] for name in cursors], page)
            for name, position in cursors.items():
                news = relevant[name]
                if news and news[0][1].position <= position:
                    news = [one for one in news if one[1].position > position]
                self._fold(self.read_models[name], news)
                self._forget_named(self.read_models[name], page)

    def _fold(self, read_model: ReadModel[Any, Any], relevant: Sequence[Keyed]) -> None:
        """Fold the events of a page that a read model handles."""
        if not relevant:
            return
        if any(kind.erases for kind in read_model.handles):
            relevant = self._erased(read_model, relevant)
        keys = keys_to_load(read_model, relevant)
        stored = load_entities(self.connection, self.tenant, read_model, keys)
        store(
            self.connection,
            self.tenant,
            read_model,
            fold(read_model, self.tenant, relevant, stored),
        )

    def _erased(
        self, read_model: ReadModel[Any, Any], relevant: Sequence[Keyed]
    ) -> Sequence[Keyed]:
        """Forget who is erased in a page, history and all; return what is to be folded.

        Of them that is all that was ever told of them, as it is read from now on: so rows are the
        same as after a rebuild. Replays, which are not kept up, are dropped.
        """
        streams = {key: one.stream for key, one in relevant if one.event.erases}
        if not streams:
            return relevant
        anew = self._forgotten(read_model, streams, relevant[-1][1].position)
        return [*(one for one in relevant if one[0] not in streams), *anew]

    def _forget_named(self, read_model: ReadModel[Any, Any], page: Sequence[Recorded]) -> None:
        """Fold the entities anew that name somebody who is erased in a page."""
        if (naming := read_model.naming) is None:
            return
        streams = {
            key: stream_name(naming.category, *key)
            for one in page
            if (columns := naming.erased_by.get(type(one.event))) is not None
            for key in named(self.connection, self.tenant, read_model, columns(one))
        }
        if streams:
            anew = self._forgotten(read_model, streams, page[-1].position)
            store(self.connection, self.tenant, read_model, fold(read_model, self.tenant, anew, {}))

    def _forgotten(
        self, read_model: ReadModel[Any, Any], streams: Mapping[EntityKey, str], until: int
    ) -> Sequence[Keyed]:
        """Forget entities, history and all, and the replays; return all that is told of them."""
        self.connection.execute("SELECT public.drop_replays(%s)", (self.tenant,))
        forget(self.connection, self.tenant, read_model, list(streams))
        told = read_named_streams(self.connection, self.tenant, streams.values(), until)
        return sort_out([read_model], told)[read_model.name]

    def _stop_at_event(self, name: str, page: Sequence[Recorded]) -> None:
        """Find the event that cannot be folded by halving, fold up to it and stop there."""
        cursor = self.cursors()[name]
        low, high = 0, len(page)  # page[:low] folds, page[:high] does not
        error: Exception = AssertionError("the page folds after all")
        while high - low > 1:
            middle = (low + high) // 2
            try:
                self._try(name, page[:middle])
            except (CursorMoved, OperationalError):
                raise
            except Exception as failure:  # noqa: BLE001  (kept and reported below)
                high, error = middle, failure
            else:
                low = middle
        try:
            self._try(name, page[:high])
        except (CursorMoved, OperationalError):
            raise
        except Exception as failure:  # noqa: BLE001  (kept and reported below)
            error = failure
        if page[:low] and page[low - 1].position > cursor.position:
            self._store(page[:low], {name: cursor.position})
        bad = page[high - 1]
        self._stop(name, bad, f"{type(error).__name__}: {error}")

    def _stop(self, name: str, bad: Recorded, message: str) -> None:
        """Stop a read model at an event, loudly."""
        self.connection.execute(
            "UPDATE cursors SET stopped_at = %s, error = %s WHERE tenant = %s AND read_model = %s",
            (bad.position, message, self.tenant, name),
        )
        log.error(
            "read model stopped",
            read_model=name,
            tenant=self.tenant,
            position=bad.position,
            type=type(bad.event).__name__,
            error=message,
        )

    def _try(self, name: str, page: Sequence[Recorded]) -> None:
        """Fold a page and take it back."""
        cursor = self.cursors()[name]
        read_model = self.read_models[name]
        news = [one for one in page if one.position > cursor.position]
        with self.connection.transaction(force_rollback=True):
            self._fold(read_model, sort_out([read_model], news)[name])
