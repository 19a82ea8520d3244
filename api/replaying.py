"""GraphQL answered from a replay: what the API would have answered at its moment."""

import asyncio
from typing import Any
from uuid import uuid4

from graphql import GraphQLError
from strawberry.types.graphql import OperationType

from api.context import Context
from api.endpoint import carried_out
from api.errors import told
from api.requests import GraphQLRequest, answer
from api.schema import make_schema
from domain.api_key import Role
from runtime.personal_reads import Reader, record_at_command_line
from runtime.replaying import ReplayedDatabase
from runtime.services import Caller, Services
from runtime.settings import Settings

_QUERIES = frozenset({OperationType.QUERY})


async def answer_replayed(
    database: ReplayedDatabase,
    settings: Settings,
    caller: Caller,
    query: str,
    variables: dict[str, Any],
    reader: str,
) -> tuple[bytes, bool]:
    """Return the body of the answer to a query, and whether it is without errors.

    What it tells of persons is recorded before, if the site now says so of the caller's role:
    `reader` reads it, as the log names them, whoever the caller is.

    Raises:
        ReadNotRecorded: if it cannot be recorded.
    """
    request_id = str(uuid4())
    request = GraphQLRequest(query=query, variables=variables)
    services = Services(database, settings)
    await services.open()
    try:
        context = Context(services, caller, request_id, recorded_roles=frozenset(Role))
        try:
            result = await carried_out(
                make_schema(introspection=True),
                query,
                request,
                context,
                _QUERIES,
                "A replay answers queries, and nothing can be changed in it.",
            )
        except GraphQLError as refused:
            return answer(None, [refused], executed=False), False
        finally:
            await context.aclose()
    finally:
        await services.close()
    await asyncio.to_thread(
        record_at_command_line,
        database.live,
        caller.tenant,
        context.reads,
        Reader(reader, caller.role),
        f"audit replay {database.replay.name}",
    )
    errors = [told(error, request_id) for error in result.errors or ()]
    executed = result.data is not None or any(error.path for error in errors)
    return answer(result.data, errors, executed=executed), not errors
