"""The log behind the interfaces of the `eventsourcing` library, bound to one tenant.

What is built on the library (its Application, Repository, notification logs and subscriptions)
works on our log: an aggregate's id is the name of a stream, a topic the stored name of an event, a
notification id the position. Appends go through the same function as all others, so positions
stay without gaps and readers never overtake a writer, whatever the size of the batch.

https://eventsourcing.readthedocs.io/en/stable/topics/persistence.html
"""

from eventstore.frame.application import CONNINFO, TENANT, LogApplication, TenantFactory
from eventstore.frame.mapping import DatedEvent, EventMapper, Filed, Projected, projector
from eventstore.frame.recording import (
    TenantDatastore,
    TenantProcessRecorder,
    TenantRecorder,
    TenantSubscription,
    TenantTrackingRecorder,
)

__all__ = [
    "CONNINFO",
    "TENANT",
    "DatedEvent",
    "EventMapper",
    "Filed",
    "LogApplication",
    "Projected",
    "TenantDatastore",
    "TenantFactory",
    "TenantProcessRecorder",
    "TenantRecorder",
    "TenantSubscription",
    "TenantTrackingRecorder",
    "projector",
]
