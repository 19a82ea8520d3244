"""The library's factory and Application on a tenant's log."""

from typing import Any

from eventsourcing.application import Application
from eventsourcing.persistence import (
    AggregateRecorder,
    InfrastructureFactory,
    ProgrammingError,
    Transcoder,
)
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment

from eventstore.frame.mapping import EventMapper
from eventstore.frame.recording import (
    TenantDatastore,
    TenantProcessRecorder,
    TenantRecorder,
    TenantTrackingRecorder,
)

CONNINFO = "TALLYSTICK_CONNINFO"
TENANT = "TALLYSTICK_TENANT"


class TenantFactory(PostgresFactory):
    """The library's way to all of this, by two settings: where the database is, whose log it is."""

    application_recorder_class = TenantRecorder
    tracking_recorder_class = TenantTrackingRecorder
    process_recorder_class = TenantProcessRecorder

    def __init__(self, env: Environment | dict[str, str] | None) -> None:
        InfrastructureFactory.__init__(self, env)  # pyright: ignore[reportArgumentType]
        conninfo, tenant = self.env.get(CONNINFO), self.env.get(TENANT)
        if conninfo is None or tenant is None:
            raise OSError(f"{CONNINFO} and {TENANT} must be set.")
        self.datastore = TenantDatastore(conninfo, int(tenant))

    def mapper(self, transcoder: Transcoder | None = None, mapper_class: Any = None) -> Any:
        """Return our mapper, or the one that is asked for."""
        if mapper_class is None and not self.env.get(self.MAPPER_TOPIC):
            mapper_class = EventMapper
        return super().mapper(transcoder, mapper_class)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Refuse: what is stored is in the log.

        Raises:
            ProgrammingError: always.
        """
        raise ProgrammingError(f"There is no table for {purpose} beside the log.")

    def env_create_table(self) -> bool:
        """Return that migrations make the tables."""
        return False


class LogApplication(Application[str]):
    """The library's Application on a tenant's log.

    `repository.get(stream, projector_func=projector(DECIDER))` reads, `save(Filed(…), actor=…)`
    appends, `notification_log` follows.
    """

    def __init__(self, conninfo: str, tenant: int) -> None:
        super().__init__(
            {
                "PERSISTENCE_MODULE": "eventstore.frame:TenantFactory",
                CONNINFO: conninfo,
                TENANT: str(tenant),
            }
        )
