"""What went wrong, in a sentence for the person who ran a command."""

import psycopg

from application.importing.sync import SyncBusy
from domain.shared.decider import Refused
from erp.mapped_file import MappingError
from eventstore.log import LogUnavailable, StreamMoved, Unconfirmed
from eventstore.masters import NoMasterKey
from eventstore.proofs.notes import NoteError
from runtime.audit_keys import AuditKeysError
from runtime.credit_scores import CreditScoreFailed
from runtime.embedded import DatabaseUnavailable
from runtime.migrations import MigrationError
from runtime.read_models import RebuildBusy
from runtime.refolding import RefoldLost
from runtime.replaying import ReplayError
from runtime.services import ReadNotRecorded
from runtime.settings import SettingsError
from runtime.tenants import TenantError
from runtime.worker import ReadModelStopped, WorkerLost

EXPECTED = (
    AuditKeysError,
    CreditScoreFailed,
    DatabaseUnavailable,
    MappingError,
    MigrationError,
    NoMasterKey,
    NoteError,
    ReadModelStopped,
    ReadNotRecorded,
    RebuildBusy,
    RefoldLost,
    ReplayError,
    SettingsError,
    StreamMoved,
    TenantError,
    Unconfirmed,
    WorkerLost,
)


def explain(failure: BaseException) -> str | None:
    """Return the sentence, or None for a defect."""
    if isinstance(failure, Refused):
        return failure.message
    if isinstance(failure, EXPECTED):
        return str(failure)
    if isinstance(failure, LogUnavailable) and not isinstance(failure, Unconfirmed):
        return explain(failure.__cause__) if failure.__cause__ is not None else str(failure)
    if isinstance(failure, psycopg.errors.DiskFull):
        return (
            "The disk of the database is full. What was appended so far is whole; make room and"
            " run the command again."
        )
    if isinstance(failure, SyncBusy):
        return "Another sync of the tenant is running; try again when it has ended."
    if isinstance(failure, psycopg.OperationalError):
        first = str(failure).strip().splitlines()[:1]
        return (
            f"The database was lost: {first[0] if first else 'no answer'}. What was appended so"
            " far is whole; run the command again."
        )
    if isinstance(failure, OSError):
        return (
            f"{failure.strerror or failure}: {failure.filename}"
            if failure.filename
            else str(failure)
        )
    return None
