"""The web application: GraphQL, its schema, health and metrics."""

import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response

from api.audit_downloads import audit_download_routes
from api.audit_pages import audit_page_routes
from api.documents import TrustedDocuments
from api.downloads import download_routes
from api.endpoint import GraphQLEndpoint, GraphQLSocket
from api.health import health_routes
from api.schema import make_schema, sdl
from runtime.services import Services


def create_app(services: Services) -> FastAPI:
    """Return the application; it connects when it starts and disconnects when it stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await services.open()
        gc.collect()
        gc.freeze()  # what is there now stays: the schema need not be looked through again
        try:
            yield
        finally:
            await services.close()

    settings = services.settings
    schema = make_schema(introspection=settings.introspection)
    documents = TrustedDocuments(settings.trusted_documents)
    app = FastAPI(title="Tallystick", lifespan=lifespan, openapi_url=None)
    app.include_router(GraphQLEndpoint(schema, services, documents).routes())
    app.include_router(GraphQLSocket(schema, services, documents))
    app.include_router(health_routes(services))
    app.include_router(download_routes(services))
    app.include_router(audit_download_routes(services))
    app.include_router(audit_page_routes(services))
    if settings.introspection:
        app.add_api_route("/schema.graphql", _schema, methods=["GET"])
    return app


def _schema() -> Response:
    return Response(sdl(), media_type="application/graphql; charset=utf-8")
