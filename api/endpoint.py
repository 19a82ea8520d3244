"""The endpoint `/graphql`: POST answers requests, GET shows GraphiQL, a WebSocket subscriptions."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, cast
from uuid import uuid4

import strawberry
from fastapi import APIRouter, Request, Response
from fastapi.requests import HTTPConnection
from fastapi.responses import HTMLResponse
from graphql import GraphQLError
from prometheus_client import Histogram
from strawberry.exceptions import ConnectionRejectionError, MissingQueryError
from strawberry.fastapi import GraphQLRouter
from strawberry.http.ides import get_graphql_ide_html
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET, UnsetType

from api.context import Context
from api.documents import TrustedDocuments
from api.errors import ApiError, Code, told
from api.limits import BODY_BYTES_MAX
from api.requests import LEGACY, RESPONSE, GraphQLRequest, answer, media_type, parsed_request
from runtime.embedded import DatabaseUnavailable
from runtime.services import Caller, ReadNotRecorded, Services

PATH = "/graphql"
REQUEST_ID_CHARACTERS_MAX = 100

SECONDS = Histogram(
    "tallystick_graphql_seconds", "Seconds that GraphQL requests took.", ["outcome"]
)

STATUS = {
    Code.BAD_REQUEST: 400,
    Code.UNAUTHENTICATED: 401,
    Code.DOCUMENT_NOT_TRUSTED: 403,
    Code.UNAVAILABLE: 503,
    Code.TIMEOUT: 503,
    Code.NOT_CAUGHT_UP: 503,
}
"""HTTP statuses of requests that were not executed. What is wrong with the query itself answers
400, and 200 to clients of the older media type, as they expect.
"""

_BY_HTTP = frozenset({OperationType.QUERY, OperationType.MUTATION})


class GraphQLEndpoint:
    """Answers GraphQL requests over HTTP."""

    def __init__(
        self, schema: strawberry.Schema, services: Services, documents: TrustedDocuments
    ) -> None:
        self._schema = schema
        self._services = services
        self._documents = documents
        self._graphiql = get_graphql_ide_html("graphiql")

    def routes(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter()
        router.add_api_route(PATH, self.post, methods=["POST"], include_in_schema=False)
        router.add_api_route(PATH, self.get, methods=["GET"], include_in_schema=False)
        return router

    async def get(self, request: Request) -> Response:
        """Show GraphiQL to a browser."""
        if "text/html" not in request.headers.get("accept", ""):
            return Response(status_code=405, headers={"Allow": "POST"})
        return HTMLResponse(self._graphiql)

    async def post(self, request: Request) -> Response:
        """Answer a request."""
        accepted = media_type(request.headers.get("accept", ""))
        if accepted is None:
            return Response(f"Answers are {RESPONSE} or {LEGACY}.", status_code=406)
        sent = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if sent != LEGACY:
            return Response(f"Requests are {LEGACY}.", status_code=415)
        body = await _body(request)
        if body is None:
            return Response(f"Requests have {BODY_BYTES_MAX} bytes at most.", status_code=413)
        request_id = request_id_of(request)
        started = time.perf_counter()
        data, executed = None, False
        errors: list[GraphQLError]
        try:
            async with asyncio.timeout(self._services.settings.request_seconds_max):
                data, errors, executed = await self._executed(request, body, request_id)
        except TimeoutError:
            errors = [ApiError(Code.TIMEOUT, "The request took too long and was given up.")]
        except GraphQLError as refused:
            errors = [refused]
        SECONDS.labels("executed" if executed else "refused").observe(time.perf_counter() - started)
        headers = {"X-Request-Id": request_id}
        status = 200
        if not executed:
            code = str((errors[0].extensions or {}).get("code"))
            status = STATUS.get(Code(code), 200 if accepted == LEGACY else 400)
            if code == Code.UNAUTHENTICATED:
                headers["WWW-Authenticate"] = "Bearer"
        content = answer(data, errors, executed=executed)
        return Response(content, status_code=status, media_type=accepted, headers=headers)

    async def _executed(
        self, request: Request, body: bytes, request_id: str
    ) -> tuple[Any, list[GraphQLError], bool]:
        """Return the data and errors of a request, and whether it came to be executed."""
        caller = await self._caller(request, request_id)
        wanted = parsed_request(body)
        document = self._documents.document(wanted)
        context = Context(self._services, caller, request_id, operation=wanted.operation_name)
        try:
            result = await carried_out(
                self._schema,
                document,
                wanted,
                context,
                _BY_HTTP,
                "Subscriptions are served over a WebSocket.",
            )
        finally:
            await context.aclose()
        if result.data is not None:
            try:
                await context.record_reads()
            except ReadNotRecorded as failure:
                lost = GraphQLError(str(failure), original_error=failure)
                raise told(lost, request_id) from failure
        errors = [told(error, request_id) for error in result.errors or ()]
        executed = result.data is not None or any(error.path for error in errors)
        return result.data, errors, executed

    async def _caller(self, connection: HTTPConnection, request_id: str) -> Caller:
        """Return whom the request's key lets in.

        Raises:
            ApiError: if it lets nobody in.
        """
        return await authenticated(
            self._services, connection.headers.get("authorization", ""), request_id
        )


async def carried_out(
    schema: strawberry.Schema,
    document: str,
    wanted: GraphQLRequest,
    context: Context,
    operations: frozenset[OperationType],
    otherwise: str,
) -> ExecutionResult:
    """Carry out a document whose operation is one of some types; `otherwise` says why no other.

    Raises:
        ApiError: if it has no operation that can be carried out.
    """
    try:
        return await schema.execute(
            document,
            variable_values=wanted.variables,
            context_value=context,
            operation_name=wanted.operation_name,
            allowed_operation_types=operations,
        )
    except CannotGetOperationTypeError as failure:
        raise ApiError(Code.VALIDATION, failure.as_http_error_reason()) from failure
    except InvalidOperationTypeError as failure:
        raise ApiError(Code.BAD_REQUEST, otherwise) from failure
    except MissingQueryError as failure:
        raise ApiError(Code.BAD_REQUEST, "The request has no query.") from failure


class GraphQLSocket(GraphQLRouter[Context, None]):
    """Serves subscriptions over the protocol graphql-transport-ws."""

    def __init__(
        self, schema: strawberry.Schema, services: Services, documents: TrustedDocuments
    ) -> None:
        async def context(connection: HTTPConnection) -> Context:
            return Context(services, None, request_id_of(connection), documents=documents)

        super().__init__(
            schema,
            path=PATH,
            graphql_ide=None,
            allow_queries_via_get=False,
            context_getter=context,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
        )

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """Let in whom the key lets in: a header's, or `authorization` in the init message."""
        params = context.connection_params
        given: object = None
        if isinstance(params, Mapping):
            said = cast("Mapping[str, object]", params)
            given = {key.lower(): value for key, value in said.items()}.get("authorization")
        if not isinstance(given, str):
            assert context.request is not None
            given = context.request.headers.get("authorization", "")
        try:
            context.known_caller = await authenticated(context.services, given, context.request_id)
        except GraphQLError as refused:
            raise ConnectionRejectionError from refused
        return UNSET


async def authenticated(services: Services, authorization: str, request_id: str) -> Caller:
    """Return whom an Authorization header lets in.

    Raises:
        GraphQLError: if it lets nobody in, or if that cannot be found out.
    """
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise ApiError(
            Code.UNAUTHENTICATED, "An API key is needed: the header `Authorization: Bearer KEY`."
        )
    try:
        caller = await services.authenticate(secret.strip())
    except DatabaseUnavailable as failure:
        raise told(GraphQLError(str(failure), original_error=failure), request_id) from failure
    if caller is None:
        raise ApiError(Code.UNAUTHENTICATED, "This API key lets nobody in.")
    return caller


async def _body(request: Request) -> bytes | None:
    """Return the body, or None if it is too large."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_BYTES_MAX:
            return None
        parts.append(part)
    return b"".join(parts)


def request_id_of(connection: HTTPConnection) -> str:
    """Return the id that the client gave the request, if it is one, or a new one."""
    given = connection.headers.get("x-request-id", "")
    if 0 < len(given) <= REQUEST_ID_CHARACTERS_MAX and given.isascii() and given.isprintable():
        return given
    return str(uuid4())
