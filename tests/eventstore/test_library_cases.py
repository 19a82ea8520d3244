"""The `eventsourcing` library's own recorder and factory test cases, against our log.

Left out, for what they ask does not exist here: the cases of aggregate recorders (they store
snapshots outside of any log), of transcoders (our codec takes their place) and of applications
(they save the library's declarative aggregates, which our mapper has no names for). Of the
factory's cases those of compressors and ciphers are left out (our mapper refuses both, see
`test_frame.py`), as is the one that makes an aggregate recorder.
"""

from typing import Any

import pytest
from eventsourcing.persistence import ApplicationRecorder, ProcessRecorder, TrackingRecorder
from eventsourcing.tests import persistence
from eventsourcing.utils import Environment

from eventstore.frame import (
    CONNINFO,
    TENANT,
    TenantDatastore,
    TenantFactory,
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


class TestApplicationRecorderThatTracks(TestApplicationRecorder):
    def create_recorder(self) -> ApplicationRecorder:
        return TenantProcessRecorder(self.datastore)


class TestNonInterleavingPositions(OnOurLog, persistence.NonInterleavingNotificationIDsBaseCase):
    insert_num = 3_000

    def create_recorder(self) -> ApplicationRecorder:
        return TenantRecorder(self.datastore)


class TestTrackingRecorder(OnOurLog, persistence.TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingRecorder:
        return TenantTrackingRecorder(self.datastore)


class TestTrackingRecorderThatRecords(TestTrackingRecorder):
    def create_recorder(self) -> TrackingRecorder:
        return TenantProcessRecorder(self.datastore)


class TestProcessRecorder(OnOurLog, persistence.ProcessRecorderTestCase):
    def create_recorder(self) -> ProcessRecorder:
        return TenantProcessRecorder(self.datastore)


class OtherTrackingRecorder(TenantTrackingRecorder):
    """What a program may give to the factory in the place of ours."""


class TestFactory(persistence.InfrastructureFactoryTestCase[TenantFactory]):
    test_mapper_with_compressor = None
    test_mapper_with_cipher = None
    test_mapper_with_cipher_and_compressor = None
    test_mapper_with_wrong_cipher_key = None
    test_create_aggregate_recorder = None

    @pytest.fixture(autouse=True)
    def configured(self, database: Database, tenant: Tenant) -> None:
        self.env = Environment(
            env={
                "PERSISTENCE_MODULE": "eventstore.frame:TenantFactory",
                CONNINFO: database.url("app"),
                TENANT: str(tenant.id),
            }
        )

    def expected_factory_class(self) -> type[TenantFactory]:
        return TenantFactory

    def expected_aggregate_recorder_class(self) -> Any:
        raise AssertionError("there are no aggregate recorders")

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return TenantRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return TenantTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return OtherTrackingRecorder

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return TenantProcessRecorder
