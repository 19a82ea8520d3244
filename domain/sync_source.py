"""A sync source: a folder into which an ERP puts its export, and when it is loaded (SYN-01).

    NotDefined --define--> Active --define--> Active, changed
                             |----retire----> Retired --define--> Active

There may be several, such as one for each ERP or time zone, each with schedules of its own and
for all companies of the export or some (SYN-02). Its paths are on the server; which of them may
be read is a setting of the server.
"""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.schedule import Schedule, checked_schedule
from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.wording import required_text

SCHEDULES_MAX = 24
COMPANIES_MAX = 1_000
PATH_CHARACTERS_MAX = 1_000


class SyncSourceDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """Where an export is and when it is loaded; without schedules, when somebody asks for it.

    `mapping` says how to read another ERP's files; without one it is mapping.toml in the folder,
    if there is one. Without `company_ids` it is loaded for all companies that the export holds.
    """

    source_id: str
    name: str
    folder: str
    mapping: str | None = None
    schedules: tuple[Schedule, ...] = ()
    company_ids: tuple[str, ...] = ()


# Events: stored for ever under these names and fields. Add, never rename.


class SyncSourceDefined(Event, frozen=True, omit_defaults=True, gc=False):
    """An export is loaded from there from now on."""

    document: SyncSourceDocument


class SyncSourceChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """It is loaded like this instead."""

    document: SyncSourceDocument


class SyncSourceRetired(Event, frozen=True, omit_defaults=True, gc=False):
    """It is loaded no longer."""


SyncSourceEvent: TypeAlias = SyncSourceDefined | SyncSourceChanged | SyncSourceRetired


# Commands.


class DefineSyncSource(Struct, frozen=True, gc=False):
    """Define a source, or change it. That its paths may be read is checked before."""

    document: SyncSourceDocument


class RetireSyncSource(Struct, frozen=True, gc=False):
    """Load it no longer."""


SyncSourceCommand: TypeAlias = DefineSyncSource | RetireSyncSource


# State: only what decisions need.


class NotDefined(Struct, frozen=True):
    """There is no such source."""


class Active(Struct, frozen=True, gc=False):
    """It is loaded."""

    document: SyncSourceDocument


class Retired(Struct, frozen=True, gc=False):
    """It was loaded once."""


SyncSource: TypeAlias = NotDefined | Active | Retired


def evolve(source: SyncSource, event: SyncSourceEvent) -> SyncSource:
    """Remember `event`."""
    match source, event:
        case NotDefined(), SyncSourceDefined(document):
            return Active(document)
        case ((Active() | Retired()), SyncSourceChanged(document)):
            return Active(document)
        case Active(), SyncSourceRetired():
            return Retired()
        case _:
            raise ImpossibleHistory(f"{event} after {source}")


def decide(command: SyncSourceCommand, source: SyncSource) -> Sequence[SyncSourceEvent]:
    """Return the facts that `command` adds."""
    match source, command:
        case NotDefined(), DefineSyncSource(document):
            return [SyncSourceDefined(checked(document))]
        case Active(known), DefineSyncSource(document):
            told = checked(document)
            return [] if told == known else [SyncSourceChanged(told)]
        case Retired(), DefineSyncSource(document):
            return [SyncSourceChanged(checked(document))]
        case Active(), RetireSyncSource():
            return [SyncSourceRetired()]
        case Retired(), RetireSyncSource():
            return []  # retired already
        case NotDefined(), RetireSyncSource():
            raise Refused("sync_source_unknown", "There is no such source.", "sourceId")


def checked(document: SyncSourceDocument) -> SyncSourceDocument:
    """Return what is told of a source, as it is kept.

    Raises:
        Refused: if something of it cannot be.
    """
    if required_text(document.source_id, "source id", "sourceId") != document.source_id:
        raise Refused("source_id_not_trimmed", "The source id has space around it.", "sourceId")
    if len(document.schedules) > SCHEDULES_MAX:
        raise Refused(
            "schedule_invalid", f"A source has {SCHEDULES_MAX} schedules at most.", "schedules"
        )
    if len(document.company_ids) > COMPANIES_MAX:
        raise Refused(
            "companies_too_many",
            f"A source names {COMPANIES_MAX:,} companies at most.",
            "companyIds",
        )
    companies = {required_text(one, "company", "companyIds") for one in document.company_ids}
    mapping = document.mapping
    return replace(
        document,
        name=required_text(document.name, "name", "name"),
        folder=required_text(document.folder, "folder", "folder", PATH_CHARACTERS_MAX),
        mapping=None
        if mapping is None
        else required_text(mapping, "mapping", "mapping", PATH_CHARACTERS_MAX),
        schedules=tuple(checked_schedule(one, "schedules") for one in document.schedules),
        company_ids=tuple(sorted(companies)),
    )


SYNC_SOURCE: Decider[SyncSource, SyncSourceCommand, SyncSourceEvent] = Decider(
    category="sync_source",
    events=(SyncSourceDefined, SyncSourceChanged, SyncSourceRetired),
    initial=NotDefined(),
    evolve=evolve,
    decide=decide,
)
