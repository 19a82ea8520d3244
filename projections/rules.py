"""Read model: rules of credit classes, with every version that there has been."""

from datetime import datetime
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import astuple, replace

from domain.rule import RuleDefined, RuleDocument, RuleRetired
from domain.rule_view import RuleView
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build


class RuleRow(Row, frozen=True, array_like=True, gc=False):
    """A rule: which of its versions holds; one that is not `active` is not evaluated."""

    tenant: int
    class_id: str
    rule_id: str
    version: int
    active: bool
    known_from: datetime


class RuleVersionRow(Row, frozen=True, array_like=True, gc=False):
    """A version of a rule, known since somebody defined it."""

    tenant: int
    class_id: str
    rule_id: str
    version: int
    seq_no: int
    name: str
    view: str
    filter: str
    action_code: str
    standalone: bool
    create_if_exists: bool
    auto_close: bool
    override_user_id: str | None
    days_to_respond: int
    follow_up_days: int | None
    follow_up_user_id: str | None
    follow_up_desc: str | None
    system: bool
    known_from: datetime


class RuleState(Struct, frozen=True, gc=False):
    """A rule: its versions with since when each is known, and whether the last holds."""

    versions: tuple[tuple[RuleDocument, datetime], ...]
    active: bool = True


def evolve(state: RuleState | None, recorded: Recorded) -> RuleState:
    """Remember an event."""
    event = recorded.event
    known = state or RuleState(())
    if isinstance(event, RuleRetired):
        return replace(known, active=False)
    document = cast("RuleDefined", event).document
    return RuleState((*known.versions, (document, recorded.recorded_at)))


def rows(state: RuleState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the rule's row, and one of each of its versions."""
    last = state.versions[-1][0]
    rule = RuleRow(
        tenant, last.class_id, last.rule_id, len(state.versions), state.active, known_from
    )
    versions = [
        version_row(tenant, number, document, since)
        for number, (document, since) in enumerate(state.versions, 1)
    ]
    return (rule,), versions


def version_row(
    tenant: int, version: int, document: RuleDocument, known_from: datetime
) -> RuleVersionRow:
    """Return the row of a version."""
    class_id, rule_id, seq_no, name, view, *rest = astuple(document)
    return build(
        RuleVersionRow,
        tenant,
        class_id,
        rule_id,
        version,
        seq_no,
        name,
        view.value,
        *rest,
        known_from,
    )


def restore(stored: EntityRows) -> RuleState:
    """Return the state that a rule's stored rows stand for."""
    versions = sorted(cast("list[RuleVersionRow]", stored[1]), key=lambda one: one.version)
    return RuleState(
        tuple((document_of(*astuple(one)[1:-1]), one.known_from) for one in versions),
        cast("RuleRow", stored[0][0]).active,
    )


def document_of(
    class_id: str, rule_id: str, version: int, seq_no: int, name: str, view: str, *rest: Any
) -> RuleDocument:
    """Return what the columns of a version say of a rule."""
    del version
    return RuleDocument(class_id, rule_id, seq_no, name, RuleView(view), *rest)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the rule that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("class_id", "rule_id")

RULES: ReadModel[Any, RuleState] = ReadModel(
    name="rules",
    tables=(
        Table("rules", RuleRow, _KEY, _KEY),
        Table("rule_versions", RuleVersionRow, _KEY, (*_KEY, "version"), history=False),
    ),
    handles=(RuleDefined, RuleRetired),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
