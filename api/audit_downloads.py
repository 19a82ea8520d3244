"""Trails over HTTP: `GET /audit-trail.xlsx`, `.csv` and `.json`, authorized as a query is.

A trail of any length is written to a file first, so that it takes little memory, and so that
what it tells of persons is recorded before anything of it is sent.
"""

import os
import tempfile
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from msgspec import Struct
from starlette.background import BackgroundTask

from api.downloads import disposition, let_in, refusal
from api.endpoint import request_id_of
from domain.api_key import Role
from domain.shared.streams import stream_category, stream_key
from domain.shared.text import can_be_kept
from projections.subjects import SUBJECT_KEYS, Subject, SubjectKind
from runtime.clock import business_date, now
from runtime.embedded import DatabaseUnavailable
from runtime.personal_reads import PersonalReads, reader_of
from runtime.services import Caller, ReadNotRecorded, RequestTooSlow, Services
from runtime.site import site_options
from runtime.spreadsheets import TooManyRows
from runtime.trail_files import MEDIA_TYPES, TrailFormat, write_trail
from runtime.trails import TrailFilter, read_trail

PATH = "/audit-trail.{ending}"


_ENDINGS = frozenset(one.value for one in TrailFormat)
_KINDS = frozenset(one.value for one in SubjectKind)


class _Wanted(Struct, frozen=True):
    """A trail that is asked for as a file, by whom."""

    caller: Caller
    wanted: TrailFilter
    as_what: TrailFormat

    @property
    def title(self) -> str:
        """What the file is called, and its sheet."""
        about = self.wanted.subject
        return "Audit trail" if about is None else f"Trail of {about.named}"


def audit_download_routes(services: Services) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get(PATH, include_in_schema=False)
    async def trail(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        ending: str,
        of: str | None = None,
        type: Annotated[list[str], Query()] = [],  # noqa: A002, B006
        actor: Annotated[list[str], Query()] = [],  # noqa: B006
        category: Annotated[list[str], Query()] = [],  # noqa: B006
        after: datetime | None = None,
        until: datetime | None = None,
        effective_from: Annotated[date | None, Query(alias="effectiveFrom")] = None,
        effective_until: Annotated[date | None, Query(alias="effectiveUntil")] = None,
        from_position: Annotated[int | None, Query(alias="fromPosition")] = None,
        to_position: Annotated[int | None, Query(alias="toPosition")] = None,
    ) -> Response:
        """Give the trail of a subject, or of the whole log, as a file."""
        caller = await let_in(services, request)
        if isinstance(caller, Response):
            return caller
        if ending not in _ENDINGS:
            return refusal(404, "A trail is an xlsx, csv or json file.", {})
        if caller.role is Role.INQUIRY_USER:
            return refusal(403, "Inquiry users may not read trails.", {})
        subject = None if of is None else _subject(of)
        if (of is not None and subject is None) or not all(
            can_be_kept(one) for one in (*type, *actor, *category)
        ):
            return refusal(400, "The trail is of a kind and a key, such as account/1/ACME.", {})
        wanted = TrailFilter(
            subject,
            tuple(type),
            tuple(actor),
            tuple(category),
            _aware(after),
            _aware(until),
            effective_from,
            effective_until,
            from_position,
            to_position,
        )
        return await _answer(
            services,
            _Wanted(caller, wanted, TrailFormat(ending)),
            request_id_of(request),
            request.url.path,
        )

    return router


def _aware(moment: datetime | None) -> datetime | None:
    """Return a moment; one without an offset is of UTC."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _subject(of: str) -> Subject | None:
    """Return the subject that is named as a stream is; None if it is none."""
    kind, key = stream_category(of), stream_key(of)
    if kind not in _KINDS or not can_be_kept(of):
        return None
    named = SubjectKind(kind)
    return Subject(named, key) if len(key) == len(SUBJECT_KEYS[named]) else None


async def _answer(services: Services, asked: _Wanted, request_id: str, path: str) -> Response:
    caller, reads = asked.caller, PersonalReads()
    handle, name = tempfile.mkstemp(f".{asked.as_what.value}", "tallystick-trail-")
    os.close(handle)
    sent = False
    try:
        recorded = await services.ask(
            caller.tenant, lambda connection: _written(connection, asked, Path(name), reads)
        )
        reader = reader_of(caller)
        read = reads.taken(reader, request_id, path) if recorded else None
        if read is not None:
            await services.record_read(caller.tenant, read)
        sent = True
    except TooManyRows as failure:
        return refusal(413, f"{failure} Narrow the trail, or ask for csv or json.", {})
    except (DatabaseUnavailable, RequestTooSlow, ReadNotRecorded):
        return refusal(503, "The database does not answer; try again.", {})
    finally:
        if not sent:
            _remove(name)
    plain = asked.title.replace("/", " ")
    headers = {
        "Content-Disposition": disposition(f"{plain}.{asked.as_what.value}"),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "X-Request-Id": request_id,
    }
    return FileResponse(
        name,
        media_type=MEDIA_TYPES[asked.as_what],
        headers=headers,
        background=BackgroundTask(_remove, name),
    )


def _remove(name: str) -> None:
    Path(name).unlink()


def _written(connection: Any, asked: _Wanted, path: Path, reads: PersonalReads) -> bool:
    """Write the file; return whether what was read of persons is to be recorded."""
    caller = asked.caller
    options = site_options(connection, caller.tenant)
    viewer = None if caller.role is Role.AUDITOR else caller.actor
    with (
        path.open("wb") as file,
        closing(read_trail(connection, caller.tenant, asked.wanted, viewer=viewer)) as events,
    ):
        write_trail(
            file,
            asked.as_what,
            reads.noted(events),
            title=asked.title,
            created=business_date(now(), options.time_zone),
            time_zone=options.time_zone,
        )
    return caller.role in options.record_reads_of
