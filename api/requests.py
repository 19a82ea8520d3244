"""GraphQL over HTTP: what a request says, and how an answer is told.

https://graphql.github.io/graphql-over-http/draft/
"""

from typing import Any

import msgspec
from graphql import GraphQLError
from msgspec import Struct

from api.errors import ApiError, Code

RESPONSE = "application/graphql-response+json"
LEGACY = "application/json"

_HASH = "sha256Hash"


class PersistedQuery(Struct, rename={"sha256_hash": _HASH}):
    """How clients of automatic persisted queries name a document."""

    sha256_hash: str


class Extensions(Struct, rename="camel"):
    """What a request says beside the specification."""

    persisted_query: PersistedQuery | None = None


class GraphQLRequest(Struct, rename="camel"):
    """A request as clients send it."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: Extensions | None = None
    id: str | None = msgspec.field(default=None, name="documentId")

    @property
    def document_id(self) -> str | None:
        """The id of the document that is meant, if the request names one."""
        if self.id is not None:
            return self.id
        if self.query is None and self.extensions and self.extensions.persisted_query:
            return self.extensions.persisted_query.sha256_hash
        return None


_decoder = msgspec.json.Decoder(GraphQLRequest)


def parsed_request(body: bytes) -> GraphQLRequest:
    """Return the request in a body.

    Raises:
        ApiError: if there is none.
    """
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as failure:
        message = f"The request is not as it must be: {failure}."
        raise ApiError(Code.BAD_REQUEST, message) from failure
    except (msgspec.DecodeError, UnicodeDecodeError) as failure:
        raise ApiError(Code.BAD_REQUEST, "The request's body is no JSON.") from failure


def media_type(accept: str) -> str | None:
    """Return the media type to answer in, or None if the client takes neither."""
    ranges = {one.split(";")[0].strip().lower() for one in accept.split(",") if one.strip()}
    if not ranges or ranges & {RESPONSE, "*/*", "application/*"}:
        return RESPONSE
    return LEGACY if LEGACY in ranges else None


def answer(data: Any, errors: list[GraphQLError], *, executed: bool) -> bytes:
    """Return the body of an answer; one that was not executed has no data, not even null."""
    told: dict[str, Any] = {}
    if errors:
        told["errors"] = [error.formatted for error in errors]
    if executed:
        told["data"] = data
    return msgspec.json.encode(told)
