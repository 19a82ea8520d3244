"""Files over HTTP: `GET /messages/{id}/attachment`, with the same authorization as a query."""

from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from graphql import GraphQLError

from api.endpoint import STATUS, authenticated, request_id_of
from api.errors import Code
from domain.api_key import Role
from projections.messages import attachment_of
from runtime.embedded import DatabaseUnavailable
from runtime.services import Caller, RequestTooSlow, Services


def attachment_path(message_id: str) -> str:
    """Return the path under which the file of a message is downloaded."""
    return f"/messages/{quote(message_id, safe='')}/attachment"


def download_routes(services: Services) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/messages/{message_id}/attachment", include_in_schema=False)
    async def attachment(  # pyright: ignore[reportUnusedFunction]
        request: Request, message_id: str
    ) -> Response:
        """Give the file of a message to whom the message is for."""
        caller = await let_in(services, request)
        if isinstance(caller, Response):
            return caller
        if "\0" in message_id:
            return _not_found()
        try:
            async with services.reading(caller.tenant) as snapshot:
                found = await snapshot.fetch(attachment_of(caller.tenant, message_id))
        except (DatabaseUnavailable, RequestTooSlow):
            return refusal(503, "The database does not answer; try again.", {})
        if not found:
            return _not_found()
        file = found[0]
        may = caller.role is Role.ADMIN if file.user_id is None else file.user_id == caller.reader
        if not may:
            return _not_found()
        headers = {
            "Content-Disposition": disposition(file.name),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
            "ETag": f'"{file.sha256}"',
        }
        return Response(file.content, media_type=file.media_type, headers=headers)

    return router


async def let_in(services: Services, request: Request) -> Caller | Response:
    """Return whom the request's key lets in, or the answer that it lets nobody in."""
    try:
        return await authenticated(
            services, request.headers.get("authorization", ""), request_id_of(request)
        )
    except GraphQLError as refused:
        code = Code(str((refused.extensions or {}).get("code")))
        headers = {"WWW-Authenticate": "Bearer"} if code is Code.UNAUTHENTICATED else {}
        return refusal(STATUS.get(code, 400), refused.message, headers)


def disposition(name: str) -> str:
    """Return the header that names a file, for old clients in ASCII, too (RFC 6266)."""
    plain = "".join(one if one.isascii() and one.isprintable() else "_" for one in name)
    plain = plain.replace("\\", "_").replace('"', "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _not_found() -> Response:
    return refusal(404, "You have no message with such a file.", {})


def refusal(status: int, message: str, headers: dict[str, str]) -> Response:
    """Return the answer that says why there is no file."""
    return JSONResponse({"error": message}, status_code=status, headers=headers)
