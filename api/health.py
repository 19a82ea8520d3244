"""Health and metrics: is the process alive, can it answer, how far are the read models?"""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge
from prometheus_client.exposition import generate_latest

from projections.job_firings import FiringFigures, FiringState
from runtime.embedded import DatabaseUnavailable
from runtime.read_models import Status
from runtime.services import Services

STALLED_SECONDS_MAX = 60.0
"""A read model that has had something to read for so long without moving is not well."""


def health_routes(services: Services) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Tell that the process is alive."""
        return JSONResponse({"status": "ok"})

    @router.get("/readyz")
    async def readyz() -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Tell whether requests can be answered, and which read models are not well."""
        try:
            found = await services.status()
        except DatabaseUnavailable as failure:
            return JSONResponse({"status": "unavailable", "reason": str(failure)}, status_code=503)
        unwell = [
            {
                "tenant": one.tenant_name,
                "read_model": one.read_model,
                "position": one.position,
                "head": one.head,
                "stopped_at": one.stopped_at,
                "error": one.error,
            }
            for one in found
            if one.stopped_at is not None or one.stalled_seconds > STALLED_SECONDS_MAX
        ]
        return JSONResponse({"status": "degraded" if unwell else "ok", "read_models": unwell})

    @router.get("/metrics")
    async def metrics() -> Response:  # pyright: ignore[reportUnusedFunction]
        """Tell figures in the Prometheus format."""
        own = CollectorRegistry()
        try:
            _read_models(own, await services.status())
            _jobs(own, await services.firings())
            up = 1
        except DatabaseUnavailable:
            up = 0
        Gauge("tallystick_database_up", "Whether the database answers.", registry=own).set(up)
        body = generate_latest(REGISTRY) + generate_latest(own)
        return Response(body, media_type=CONTENT_TYPE_LATEST)

    return router


def _read_models(registry: CollectorRegistry, found: list[Status]) -> None:
    labels = ["tenant", "read_model"]
    lag = Gauge(
        "tallystick_read_model_lag_events",
        "Events of the log that a read model has not read.",
        labels,
        registry=registry,
    )
    stalled = Gauge(
        "tallystick_read_model_stalled_seconds",
        "Seconds for which a read model had something to read and did not move.",
        labels,
        registry=registry,
    )
    stopped = Gauge(
        "tallystick_read_model_stopped",
        "Whether a read model is stopped at an event that it cannot fold.",
        labels,
        registry=registry,
    )
    for one in found:
        told = (one.tenant_name, one.read_model)
        lag.labels(*told).set(one.lag)
        stalled.labels(*told).set(one.stalled_seconds)
        stopped.labels(*told).set(one.stopped_at is not None)


def _jobs(registry: CollectorRegistry, found: list[FiringFigures]) -> None:
    labels = ["kind", "state"]
    count = Gauge(
        "tallystick_job_firings",
        "Firings of jobs by kind of job and state; given_up needs somebody to look.",
        labels,
        registry=registry,
    )
    lag = Gauge(
        "tallystick_job_lag_seconds",
        "Seconds from when a job was due until it was begun, of the newest firing.",
        labels,
        registry=registry,
    )
    seconds = Gauge(
        "tallystick_job_seconds",
        "Seconds that the newest firing took.",
        labels,
        registry=registry,
    )
    oldest = Gauge(
        "tallystick_job_oldest_claim_seconds",
        "Seconds since the oldest firing was begun that has not ended.",
        ["kind"],
        registry=registry,
    )
    for one in found:
        count.labels(one.kind, one.state).set(one.count)
        lag.labels(one.kind, one.state).set(one.lag_seconds)
        seconds.labels(one.kind, one.state).set(one.seconds)
        if one.state == FiringState.CLAIMED:
            oldest.labels(one.kind).set(one.oldest_seconds)
