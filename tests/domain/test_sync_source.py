"""Sources of exports: where they are, and when they are loaded."""

from typing import Any

import pytest
from msgspec.structs import replace

from domain.schedule import Schedule
from domain.shared.decider import Refused
from domain.sync_source import (
    SYNC_SOURCE,
    DefineSyncSource,
    RetireSyncSource,
    SyncSourceChanged,
    SyncSourceDefined,
    SyncSourceDocument,
    SyncSourceRetired,
)

SOURCE = SyncSourceDocument("erp", "Our ERP", "out", None, (Schedule((1, 2), "05:00"),))
DEFINED = SyncSourceDefined(SOURCE)
OTHER = replace(SOURCE, folder="in")


def decided(history: list[Any], command: Any) -> Any:
    try:
        return SYNC_SOURCE.decide(command, SYNC_SOURCE.replay(history))
    except Refused as refusal:
        return refusal.code


@pytest.mark.parametrize(
    ("history", "command", "expected"),
    [
        ([], DefineSyncSource(replace(SOURCE, name=" Our ERP ")), [DEFINED]),
        ([DEFINED], DefineSyncSource(SOURCE), []),
        ([DEFINED], DefineSyncSource(OTHER), [SyncSourceChanged(OTHER)]),
        ([DEFINED], RetireSyncSource(), [SyncSourceRetired()]),
        ([DEFINED, SyncSourceRetired()], RetireSyncSource(), []),
        ([DEFINED, SyncSourceRetired()], DefineSyncSource(SOURCE), [SyncSourceChanged(SOURCE)]),
        ([DEFINED], DefineSyncSource(replace(SOURCE, company_ids=("2 ", "1", "2"))),
         [SyncSourceChanged(replace(SOURCE, company_ids=("1", "2")))]),
        ([], DefineSyncSource(replace(SOURCE, company_ids=(" ",))), "company_empty"),
        ([], DefineSyncSource(replace(SOURCE, company_ids=("1",) * 1001)), "companies_too_many"),
        ([], RetireSyncSource(), "sync_source_unknown"),
        ([], DefineSyncSource(replace(SOURCE, source_id=" x")), "source_id_not_trimmed"),
        ([], DefineSyncSource(replace(SOURCE, folder=" ")), "folder_empty"),
        ([], DefineSyncSource(replace(SOURCE, mapping="")), "mapping_empty"),
        ([], DefineSyncSource(replace(SOURCE, schedules=SOURCE.schedules * 25)),
         "schedule_invalid"),
        ([], DefineSyncSource(replace(SOURCE, schedules=(Schedule((), "05:00"),))),
         "schedule_invalid"),
    ],
)  # fmt: skip
def test_given_when_then(history: list[Any], command: Any, expected: Any) -> None:
    assert decided(history, command) == expected
