"""The `eventsourcing` library's own recorder test cases, against our log.

Left out are the cases of aggregate recorders (they store events outside of any log, such as
snapshots, which we have none of), of transcoders, ciphers and compressors (our codec takes their
place), and the factory's, which name the library's own table classes.
"""

from typing import Any

import pytest
from eventsourcing.persistence import ApplicationRecorder, ProcessRecorder, TrackingRecorder
from eventsourcing.tests import persistence

from eventstore.frame import (
    TenantDatastore,
    TenantProcessRecorder,
    TenantRecorder,
    TenantTrackingRecorder,
)
from runtime.database import Database
from runtime.tenants import Tenant


class OnOurLog:
    """A case with a tenant of its own."""

    datastore: TenantDatastore

    @pytest.fixture(autouse=True)
    def connected(self, database: Database, tenant: Tenant) -> Any:
        self.datastore = TenantDatastore(database.url("app"), tenant.id, "uuid")
        yield
        self.datastore.close()


class TestApplicationRecorder(OnOurLog, persistence.ApplicationRecorderTestCase[Any]):
    def create_recorder(self) -> ApplicationRecorder:
        return TenantRecorder(self.datastore)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleavingPositions(OnOurLog, persistence.NonInterleavingNotificationIDsBaseCase):
    insert_num = 3_000

    def create_recorder(self) -> ApplicationRecorder:
        return TenantRecorder(self.datastore)


class TestTrackingRecorder(OnOurLog, persistence.TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingRecorder:
        return TenantTrackingRecorder(self.datastore)


class TestProcessRecorder(OnOurLog, persistence.ProcessRecorderTestCase):
    def create_recorder(self) -> ProcessRecorder:
        return TenantProcessRecorder(self.datastore)
