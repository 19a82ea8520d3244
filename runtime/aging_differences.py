"""Why two agings differ: which documents changed, and which events changed them.

The agings themselves are asked as the report asks them, and told beside the differences of
documents, which add up to theirs.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from domain.aging import labels
from domain.shared.decider import Refused
from domain.shared.text import can_be_kept
from projections.aging import AgingBy, AgingGroup, aging_cells, aging_groups
from projections.aging_differences import (
    ChangedBucket,
    ChangedRecord,
    Changes,
    Compared,
    changed_buckets,
    changed_count,
    changed_records,
    changes,
    positions,
)
from projections.contributions import Part, home_currencies
from projections.open_documents import boundaries_of
from projections.query import Asking
from projections.record_events import (
    Key,
    RecordEvent,
    RecordHistory,
    events_of_streams,
    histories,
    related_streams,
    stream_of,
    streams_of,
)

ZERO = Decimal(0)


class BucketDifference(Struct, frozen=True):
    """A bucket of a group in both agings, and by how much documents changed it."""

    label: str
    before: Decimal = ZERO
    after: Decimal = ZERO
    count_before: int = 0
    count_after: int = 0
    by_documents: Decimal = ZERO
    count_by_documents: int = 0

    @property
    def difference(self) -> Decimal:
        """By how much the amount differs."""
        return self.after - self.before

    @property
    def equal(self) -> bool:
        """Whether the differences of documents add up to that of the bucket."""
        counted = self.count_after - self.count_before
        return (self.by_documents, self.count_by_documents) == (self.difference, counted)


class GroupDifference(Struct, frozen=True):
    """A company, or an account of it, with all buckets; `total` is all of them together."""

    company: str
    account: str | None
    currency: str
    buckets: Sequence[BucketDifference]
    total: BucketDifference


class AgingDifference(Struct, frozen=True):
    """Two agings, the groups in which documents changed, and how many documents did.

    `positions` are how far the log was known in the one and the other.
    """

    compared: Compared
    positions: tuple[int, int]
    groups: Sequence[GroupDifference]
    labels: Sequence[str]
    changes: Changes
    count: int

    @property
    def equal(self) -> bool:
        """Whether the differences of documents add up to those of all buckets."""
        return all(one.equal for group in self.groups for one in (*group.buckets, group.total))


class ChangedDocument(Struct, frozen=True):
    """A document or payment that changed, and the events that changed it.

    `balance_before` and `balance_after` are what is open of it in home currency; the effects of
    the events add up to their difference. Without events, only time passed.
    """

    record: ChangedRecord
    stream: str
    balance_before: Decimal
    balance_after: Decimal
    events: Sequence[RecordEvent]


def aging_difference(compared: Compared, by: AgingBy) -> Asking[AgingDifference]:
    """Return what differs between two agings.

    Raises:
        Refused: if the later aging is as known before the earlier one.
    """
    _check(compared)
    found = changes(compared)
    names = labels(compared.basis, boundaries_of(compared.basis, compared.options))
    moments = [compared.before.known_at, compared.after.known_at]
    known = yield positions(compared.tenant, moments)
    groups = yield from _groups(compared, found, by, names)
    (count,) = yield changed_count(found)
    return AgingDifference(compared, (known[0], known[1]), groups, names, found, count)


def changed_documents(found: AgingDifference, part: Part) -> Asking[list[ChangedDocument]]:
    """Return a part of the documents that changed, in their order, with their events."""
    compared = found.compared
    records: list[ChangedRecord] = yield changed_records(found.changes, part)
    if part.backward:
        records.reverse()
    if not records:
        return []
    keys: list[Key] = [(one.kind, one.company_id, one.record_id) for one in records]
    related = yield related_streams(compared.tenant, keys)
    streams = streams_of(keys, related)
    all_streams = [stream for own in streams.values() for stream in own]
    currencies = yield home_currencies(compared.tenant, sorted({one.company_id for one in records}))
    sides: list[dict[Key, RecordHistory]] = []
    for moment in (compared.before, compared.after):
        logged = yield events_of_streams(compared.tenant, all_streams, moment.known_at)
        sides.append(histories(streams, logged, moment.as_of, dict(currencies)))
    before, after = sides
    return [
        ChangedDocument(
            record,
            stream_of(key),
            before[key].balance or ZERO,
            after[key].balance or ZERO,
            _causes(before[key].events, after[key].events),
        )
        for record, key in zip(records, keys, strict=True)
    ]


def _check(compared: Compared) -> None:
    before, after = compared.before.known_at, compared.after.known_at
    if after is not None and (before is None or before > after):
        message = "The later aging is as known before the earlier one; put them the other way."
        raise Refused("known_backwards", message, "to")
    for field, value in (("companyId", compared.company_id), ("custId", compared.cust_id)):
        if value is not None and not can_be_kept(value):
            raise Refused("id_not_text", f"{value!r} is no id.", field)


def _groups(
    compared: Compared, found: Changes, by: AgingBy, names: Sequence[str]
) -> Asking[list[GroupDifference]]:
    sides: list[list[AgingGroup]] = []
    for moment in (compared.before, compared.after):
        cells = yield aging_cells(
            compared.tenant,
            compared.options,
            as_of=moment.as_of,
            basis=compared.basis,
            by=by,
            known_at=moment.known_at,
            company_id=compared.company_id,
            cust_id=compared.cust_id,
        )
        sides.append(aging_groups(cells, compared.options, compared.basis))
    by_documents: list[ChangedBucket] = yield changed_buckets(found, by)
    buckets: dict[tuple[str, str | None], list[BucketDifference]] = {}
    for one in by_documents:
        key = (one.company_id, one.cust_id)
        group = buckets.setdefault(key, [BucketDifference(name) for name in names])
        group[one.bucket] = replace(
            group[one.bucket],
            by_documents=one.difference,
            count_by_documents=one.count_difference,
        )
    for side, (amount, count) in zip(
        sides, (("before", "count_before"), ("after", "count_after")), strict=True
    ):
        for told in side:
            group = buckets.get((told.company, told.account), [])
            for place, (one, bucket) in enumerate(zip(group, told.buckets, strict=False)):
                group[place] = replace(one, **{amount: bucket.amount, count: bucket.count})
    companies = sorted({company for company, _ in buckets})
    currencies = dict((yield home_currencies(compared.tenant, companies)))
    return [
        GroupDifference(company, account, currencies[company], group, _total(group))
        for (company, account), group in sorted(
            buckets.items(), key=lambda one: (one[0][0], one[0][1] or "")
        )
    ]


def _total(buckets: Sequence[BucketDifference]) -> BucketDifference:
    return BucketDifference(
        "total",
        sum((one.before for one in buckets), ZERO),
        sum((one.after for one in buckets), ZERO),
        sum(one.count_before for one in buckets),
        sum(one.count_after for one in buckets),
        sum((one.by_documents for one in buckets), ZERO),
        sum(one.count_by_documents for one in buckets),
    )


def _causes(before: Sequence[RecordEvent], after: Sequence[RecordEvent]) -> Sequence[RecordEvent]:
    """Return the events that made the difference, each with what it added to it.

    An event that was known already may count only on the later date, or otherwise than before.
    """
    had = {one.position: one for one in before}
    has = {one.position: one for one in after}
    causes: list[RecordEvent] = []
    for position in sorted(had.keys() | has.keys()):
        one, other = had.get(position), has.get(position)
        effect = _effect(other) - _effect(one)
        if one is None or other is None or effect:
            told = other if other is not None else one
            assert told is not None
            causes.append(replace(told, effect=effect))
    return causes


def _effect(event: RecordEvent | None) -> Decimal:
    return ZERO if event is None or event.effect is None else event.effect
