"""The exports that jobs may load: folders within the one that the server's settings name."""

from collections.abc import Sequence
from pathlib import Path

from application.importing.source import Source
from application.importing.subset import SourceOfCompanies
from domain.shared.decider import Refused
from domain.sync_source import SyncSourceDocument
from erp.mapping import export_files
from runtime.settings import Settings

MAPPING = "mapping.toml"


class ExportMissing(Exception):
    """The ERP has written no export yet; the message says where none is."""


def checked_paths(settings: Settings, document: SyncSourceDocument) -> tuple[Path, Path | None]:
    """Return the folder of a source and its mapping, if it has one.

    Raises:
        Refused: if one of them is outside the folder that may be read, or may not be there.
    """
    folder = _within(settings, document.folder, "folder")
    if document.mapping is not None:
        return folder, _within(settings, document.mapping, "mapping")
    mapping = folder / MAPPING
    return folder, mapping if mapping.is_file() else None


def _within(settings: Settings, path: str, field: str) -> Path:
    if settings.sync_root is None:
        raise Refused(
            "sync_root_missing",
            "The server names no folder of exports; TALLYSTICK_SYNC_ROOT does.",
            field,
        )
    root = settings.sync_root.resolve()
    found = (root / path).resolve()
    if not found.is_relative_to(root):
        raise Refused(
            "path_outside", "It is outside the folder of exports that the server names.", field
        )
    return found


def export_of(settings: Settings, document: SyncSourceDocument) -> Sequence[Source]:
    """Return the files of an export that are there now, without the rows of other companies.

    Raises:
        Refused: if its paths may not be read.
        ExportMissing: if there are none.
    """
    folder, mapping = checked_paths(settings, document)
    sources: Sequence[Source] = export_files(folder, mapping) if folder.is_dir() else ()
    if not sources:
        raise ExportMissing(f"{document.folder} holds none of the files of an export.")
    if not document.company_ids:
        return sources
    companies = frozenset(document.company_ids)
    return [SourceOfCompanies(one, companies) for one in sources]
