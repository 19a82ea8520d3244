"""Pages for auditors under `/audit`, made on the server: what is told of a document, and why.

Whoever looks signs in by their API key as the password (HTTP Basic, RFC 7617), so that there is no
session to be stolen; every page is a GET and changes nothing. What a page tells of persons is
recorded before it is sent, as that of a query is.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from importlib.resources import files
from typing import Any, TypeVar

import jinja2
from fastapi import APIRouter, Request, Response
from graphql import GraphQLError
from msgspec import Struct

from api.downloads import disposition
from api.endpoint import STATUS, authenticated, request_id_of
from api.errors import Code
from domain.aging import Basis
from domain.api_key import Role
from domain.shared.currency import money_text
from domain.shared.decider import Refused
from domain.shared.text import can_be_kept
from projections.aging import AgingBy
from projections.aging_differences import AgingMoment, Compared
from projections.contributions import Part
from projections.query import answered, fetch
from projections.subject_search import subjects_like
from projections.subjects import SUBJECT_KEYS, Subject, SubjectKind
from runtime.aging_differences import aging_difference, changed_documents
from runtime.auditing import checkpoints, text_of
from runtime.clock import now
from runtime.embedded import DatabaseUnavailable
from runtime.evidence import Evidence, gather
from runtime.evidence_pdf import evidence_pdf
from runtime.personal_reads import PersonalReads, reader_of
from runtime.services import Caller, ReadNotRecorded, RequestTooSlow, Services
from runtime.site import site_options, today
from runtime.snapshots import at_one_moment
from runtime.tenants import Tenant
from runtime.trail_files import described_causes

CHECKPOINTS_SHOWN = 5
DOCUMENTS_SHOWN = 100
TEXT_MAX = 200

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_SIGN_IN = {"WWW-Authenticate": 'Basic realm="Tallystick audit: your API key is the password"'}

Told = TypeVar("Told")


class _Page(Struct, frozen=True):
    """What a page is made of: its template, and what that shows."""

    template: str
    shown: dict[str, Any]
    status: int = 200


class _Asked(Struct, frozen=True):
    """Who asks for a page, and what they read of persons."""

    caller: Caller
    reads: PersonalReads

    @property
    def tenant(self) -> Tenant:
        """The tenant whose log it is."""
        return Tenant(self.caller.tenant, self.caller.tenant_name)

    @property
    def viewer(self) -> str | None:
        """For whom it is read: auditors see every event."""
        return None if self.caller.role is Role.AUDITOR else self.caller.actor


def audit_page_routes(services: Services) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/audit", include_in_schema=False)
    pages = _Pages(services)

    @router.get("")
    async def start(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await pages.answer(request, _start)

    @router.get("/search")
    async def search(request: Request, q: str = "") -> Response:  # pyright: ignore[reportUnusedFunction]
        return await pages.answer(request, partial(_search, q.strip()))

    @router.get("/aging")
    async def aging(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        wanted = dict(request.query_params)
        return await pages.answer(request, partial(_aging, wanted))

    @router.get("/of/{kind}/{key:path}")
    async def subject(request: Request, kind: str, key: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await pages.answer(request, partial(_subject, kind, key))

    @router.get("/evidence/{ending}/{kind}/{key:path}")
    async def evidence(  # pyright: ignore[reportUnusedFunction]
        request: Request, ending: str, kind: str, key: str
    ) -> Response:
        return await pages.answer(request, partial(_evidence, ending, kind, key))

    @router.get("/audit.css")
    async def style() -> Response:  # pyright: ignore[reportUnusedFunction]
        return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    return router


_TEMPLATES = files("api") / "templates" / "audit"
_STYLE = (_TEMPLATES / "audit.css").read_bytes()


def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("api", "templates/audit"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["path"] = _path_of
    made.filters["money"] = money_text  # pyright: ignore[reportArgumentType]  # as its own are
    made.filters["moment"] = _moment
    made.filters["causes"] = described_causes
    made.filters["base64"] = text_of
    return made


class _Pages:
    """Answers requests for pages, and refuses those that may not be answered."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._environment = _environment()

    async def answer(
        self, request: Request, make: Callable[[Any, _Asked], _Page | Response]
    ) -> Response:
        """Return the page that `make` makes of a connection for who asks."""
        request_id = request_id_of(request)
        caller = await self._let_in(request, request_id)
        if isinstance(caller, Response):
            return caller
        if caller.role is Role.INQUIRY_USER:
            return self._refusal(403, "Inquiry users may not read the log.")
        asked = _Asked(caller, PersonalReads())
        try:
            page, recorded = await self._services.ask(
                caller.tenant,
                lambda connection: (
                    make(connection, asked),
                    caller.role in site_options(connection, caller.tenant).record_reads_of,
                ),
            )
            reader = reader_of(caller)
            read = asked.reads.taken(reader, request_id, request.url.path) if recorded else None
            if read is not None:
                await self._services.record_read(caller.tenant, read)
        except Refused as refused:
            return self._refusal(400, str(refused))
        except (DatabaseUnavailable, RequestTooSlow, ReadNotRecorded):
            return self._refusal(503, "The database does not answer; try again.")
        if isinstance(page, Response):
            page.headers.update(_HEADERS)
            return page
        return self._rendered(page, tenant=caller.tenant_name)

    async def _let_in(self, request: Request, request_id: str) -> Caller | Response:
        secret = _password(request.headers.get("authorization", ""))
        if secret is None:
            return self._refusal(401, "Sign in: your API key is the password.", _SIGN_IN)
        try:
            return await authenticated(self._services, f"Bearer {secret}", request_id)
        except GraphQLError as refused:
            code = Code(str((refused.extensions or {}).get("code")))
            again = _SIGN_IN if code is Code.UNAUTHENTICATED else {}
            return self._refusal(STATUS.get(code, 400), refused.message, again)

    def _refusal(self, status: int, why: str, headers: dict[str, str] | None = None) -> Response:
        answer = self._rendered(_Page("refused.html", {"why": why}, status), tenant=None)
        answer.headers.update(headers or {})
        return answer

    def _rendered(self, page: _Page, *, tenant: str | None) -> Response:
        text = self._environment.get_template(page.template).render(tenant=tenant, **page.shown)
        return Response(text, page.status, _HEADERS, media_type="text/html; charset=utf-8")


def _password(authorization: str) -> str | None:
    """Return the password of an Authorization header of the scheme Basic, whatever the name."""
    scheme, _, told = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        _, _, password = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return password.strip() or None


def _start(connection: Any, asked: _Asked) -> _Page:
    given = checkpoints(connection, asked.tenant.id, CHECKPOINTS_SHOWN)
    on = today(site_options(connection, asked.tenant.id))
    return _Page("start.html", {"checkpoints": given, "today": on})


def _search(text: str, connection: Any, asked: _Asked) -> _Page:
    if len(text) > TEXT_MAX or not can_be_kept(text):
        raise Refused("text_unusable", "Nothing has such a number or name.")
    found = fetch(connection, subjects_like(asked.tenant.id, text)) if text else []
    return _Page("search.html", {"text": text, "found": found})


def _subject(kind: str, key: str, connection: Any, asked: _Asked) -> _Page:
    evidence = _gathered(kind, key, connection, asked)
    if not evidence.events:
        why = f"Nothing is told of {evidence.subject.named}."
        return _Page("refused.html", {"why": why}, 404)
    return _Page("subject.html", {"evidence": evidence})


def _evidence(ending: str, kind: str, key: str, connection: Any, asked: _Asked) -> Response:
    evidence = _gathered(kind, key, connection, asked)
    match ending:
        case "json":
            content, media_type = evidence.as_json, "application/json"
        case "pdf":
            content, media_type = evidence_pdf(evidence), "application/pdf"
        case _:
            raise Refused("format_unknown", "Evidence is a pdf or a json file.")
    name = f"evidence {evidence.subject.named}.{ending}".replace("/", " ")
    headers = {"Content-Disposition": disposition(name)}
    return Response(content, media_type=media_type, headers=headers)


def _gathered(kind: str, key: str, connection: Any, asked: _Asked) -> Evidence:
    parts = tuple(key.split("/"))
    known = next((one for one in SubjectKind if one.value == kind), None)
    if known is None or len(parts) != len(SUBJECT_KEYS[known]) or not can_be_kept(key):
        raise Refused("subject_unknown", "There is nothing of that kind and key.")
    parts = tuple(part.replace("%2F", "/").replace("%25", "%") for part in parts)
    subject = Subject(known, parts)
    evidence = gather(connection, asked.tenant, subject, viewer=asked.viewer, now=now())
    for one in evidence.events:
        asked.reads.add_event(one.event.stream, bytes(one.event.data))
    return evidence


def _aging(wanted: dict[str, str], connection: Any, asked: _Asked) -> _Page:
    options = site_options(connection, asked.tenant.id)
    on = today(options)
    first, second = _date(wanted, "from", on), _date(wanted, "to", on)
    known = _known(wanted, "fromKnownAt"), _known(wanted, "toKnownAt")
    before, after = AgingMoment(first, known[0]), AgingMoment(second, known[1])
    with at_one_moment(connection):
        compared = Compared(asked.tenant.id, options, before, after, Basis.DUE)
        found = answered(connection, aging_difference(compared, AgingBy.COMPANY))
        documents = answered(connection, changed_documents(found, Part(DOCUMENTS_SHOWN)))
    return _Page(
        "aging.html",
        {
            "found": found,
            "documents": documents,
            "currencies": {one.company: one.currency for one in found.groups},
            "before": before,
            "after": after,
            "wanted": wanted,
        },
    )


def _date(wanted: dict[str, str], name: str, otherwise: date) -> date:
    told = wanted.get(name, "").strip()
    try:
        return date.fromisoformat(told) if told else otherwise
    except ValueError:
        raise Refused("date_unusable", f"{told!r} is no date, such as 2026-03-31.") from None


def _known(wanted: dict[str, str], name: str) -> datetime | None:
    """Return a moment; one without an offset is of UTC."""
    told = wanted.get(name, "").strip()
    try:
        moment = datetime.fromisoformat(told) if told else None
    except ValueError:
        raise Refused("moment_unusable", f"{told!r} is no moment.") from None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _path_of(subject: Subject) -> str:
    """Return the end of the path of a subject's page; slashes in a key are written %252F there."""
    parts: Sequence[str] = [
        part.replace("%", "%25").replace("/", "%2F").replace("%", "%25") for part in subject.key
    ]
    return "/".join((subject.kind.value, *parts))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
