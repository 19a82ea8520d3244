"""Errors of GraphQL requests, each with a stable `extensions.code`; never a stack trace.

What the business refuses is no error but a `UserError` of the mutation's payload.
"""

from enum import StrEnum

import strawberry
import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.extensions import MaskErrors

from domain.shared.decider import Refused
from eventstore.log import LogUnavailable, StreamMoved, Unconfirmed
from projections.listing import ListingError
from runtime.embedded import DatabaseUnavailable
from runtime.services import ReadNotRecorded, RequestTooSlow, holds_nul

log = structlog.get_logger(__name__)

_UNCONFIRMED = (
    "The database was lost before it answered, so that nobody knows whether the mutation was"
    " carried out; send it again with the same idempotency key."
)
_NOT_RECORDED = (
    "What was read of persons could not be recorded, so that it is not told. What else the request"
    " did is done; try again."
)
_OVERTAKEN = "Others kept changing the same thing first; nothing was changed. Try again."


class Code(StrEnum):
    """The codes of errors."""

    BAD_REQUEST = "BAD_REQUEST"
    SYNTAX = "GRAPHQL_PARSE_FAILED"
    VALIDATION = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    TOO_EXPENSIVE = "QUERY_TOO_EXPENSIVE"
    DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
    FIGURE_NOT_EXPLAINABLE = "FIGURE_NOT_EXPLAINABLE"
    NOT_CAUGHT_UP = "NOT_CAUGHT_UP"
    TOO_MANY_SIMULATIONS = "TOO_MANY_SIMULATIONS"
    TIMEOUT = "TIMEOUT"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL_SERVER_ERROR"


class ApiError(GraphQLError):
    """A request cannot be answered as asked; the message is fit to show."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message, extensions={"code": code.value})
        self.code = code


def told(error: GraphQLError, request_id: str) -> GraphQLError:
    """Return the error as a client is told it; a defect is logged and not shown."""
    if error.extensions and "code" in error.extensions:
        return error
    cause = error.original_error
    match cause:
        case None:
            code = Code.SYNTAX if isinstance(error, GraphQLSyntaxError) else Code.VALIDATION
            return _like(error, error.message, code)
        case ApiError():
            return _like(error, cause.message, cause.code)
        case ListingError():
            return _like(error, str(cause), Code.BAD_USER_INPUT)
        case ValueError() | TypeError() if error.path is None:  # a value that is none of its type
            return _like(error, error.message, Code.VALIDATION)
        case GraphQLError():
            return _like(error, cause.message, Code.VALIDATION)
        case RequestTooSlow():
            return _like(error, str(cause), Code.TIMEOUT)
        case Unconfirmed():
            log.warning("command unconfirmed", request=request_id, error=str(cause))
            return _like(error, _UNCONFIRMED, Code.UNAVAILABLE)
        case ReadNotRecorded():
            log.error("read not recorded", request=request_id, error=str(cause))
            return _like(error, _NOT_RECORDED, Code.UNAVAILABLE)
        case DatabaseUnavailable() | LogUnavailable():
            log.warning("database unavailable", request=request_id, error=str(cause))
            return _like(error, "The database does not answer; try again.", Code.UNAVAILABLE)
        case _ if holds_nul(cause):
            message = "A text holds the character NUL, which nothing can be called."
            return _like(error, message, Code.BAD_USER_INPUT)
        case StreamMoved():
            log.warning("command given up", request=request_id, error=str(cause))
            return _like(error, _OVERTAKEN, Code.UNAVAILABLE)
        case _:
            log.error("request failed", request=request_id, error=str(cause), exc_info=cause)
            message = f"This is our fault, not yours. It has been logged as request {request_id}."
            return _like(error, message, Code.INTERNAL)


def _like(error: GraphQLError, message: str, code: Code) -> GraphQLError:
    """Return an error at the same place of the request."""
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": code.value},
    )


class Telling(MaskErrors):
    """Tells clients of every answer's errors what they may know."""

    def _process_errors(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        request_id = self.execution_context.context.request_id
        return [told(error, request_id) for error in errors]


@strawberry.type(description="What kept a mutation from being carried out; nothing has changed.")
class UserError:
    """A refusal of the business."""

    code: str = strawberry.field(description="A stable code, for programs.")
    field: str | None = strawberry.field(description="The input field at fault, if one is.")
    message: str = strawberry.field(description="A sentence for the person who asked.")

    @classmethod
    def of(cls, refusal: Refused) -> "UserError":
        """Return the refusal as it is told."""
        return cls(code=refusal.code, field=refusal.field, message=refusal.message)
