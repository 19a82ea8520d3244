"""`tallystick audit diff`: why two agings differ, document by document, event by event."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click

from cli.audit import audit
from cli.context import Format, Session, command_options, note
from cli.event_lines import effects, moment_text
from cli.output import print_json, print_rows
from cli.values import DATE, MOMENT
from domain.aging import Basis
from domain.shared.currency import money_text
from domain.shared.wording import number_of
from projections.aging import AgingBy
from projections.aging_differences import AgingMoment, Compared
from projections.contributions import Part
from projections.query import answered
from runtime.aging_differences import (
    AgingDifference,
    BucketDifference,
    ChangedDocument,
    aging_difference,
    changed_documents,
)
from runtime.site import site_options, today
from runtime.snapshots import at_one_moment

DOCUMENTS_SHOWN = 50
"""Documents that are printed where nobody says how many."""


@audit.command()
@click.option(
    "--known-at",
    "known",
    type=MOMENT,
    multiple=True,
    help="As the log knew it then; twice for two moments, the earlier first. The second is now.",
)
@click.option(
    "--as-of",
    "dates",
    type=DATE,
    multiple=True,
    help="The date to age at; twice for two dates. By default today.",
)
@click.option(
    "--basis",
    type=click.Choice([one.value for one in Basis]),
    default=Basis.DUE.value,
    help="Age by what.",
)
@click.option(
    "--by",
    type=click.Choice([one.value for one in AgingBy]),
    default=AgingBy.COMPANY.value,
    help="What a group is.",
)
@click.option("--company", metavar="ID", help="Only this ERP company.")
@click.option("--account", metavar="ID", help="Only the account of this id.")
@click.option(
    "--first",
    type=click.IntRange(min=0, max=100_000),
    default=DOCUMENTS_SHOWN,
    show_default=True,
    help="How many documents to print, those that moved most first.",
)
@command_options
def diff(
    session: Session,
    known: tuple[datetime, ...],
    dates: tuple[date, ...],
    basis: str,
    by: str,
    company: str | None,
    account: str | None,
    first: int,
) -> None:
    """Print what changed between two agings: buckets, documents, and the events behind them."""
    if len(known) > 2 or len(dates) > 2:  # noqa: PLR2004  (there are two sides)
        raise click.UsageError(
            "Two agings are compared: give --known-at and --as-of twice at most."
        )
    if not known and len(dates) < 2:  # noqa: PLR2004
        raise click.UsageError("Say what to compare: --known-at once or twice, or --as-of twice.")
    tenant = session.tenant()
    with session.database.connect("worker") as connection, at_one_moment(connection):
        options = site_options(connection, tenant.id)
        given = dates or (today(options),)
        before = AgingMoment(given[0], known[0] if known else None)
        after = AgingMoment(given[-1], known[1] if len(known) > 1 else None)
        compared = Compared(tenant.id, options, before, after, Basis(basis), company, account)
        found = answered(connection, aging_difference(compared, AgingBy(by)))
        documents = answered(connection, changed_documents(found, Part(first)))
    currencies = {one.company: one.currency for one in found.groups}
    match session.format:
        case Format.JSON:
            print_json(_told(found, documents, currencies))
        case Format.CSV:
            print_rows(session.format, _DOCUMENT, _of_documents(found, documents, currencies))
        case Format.TABLE:
            title = f"From {_words(before)} to {_words(after)}"
            print_rows(session.format, _BUCKET, _of_buckets(found), title=title)
            for one in documents:
                currency = currencies[one.record.company_id]
                click.echo("\n".join(_lines(one, found.labels, currency)))
    if len(documents) < found.count:
        note(f"Not shown: {number_of(found.count - len(documents), 'document')}; see --first.")


def _words(moment: AgingMoment) -> str:
    known = "now" if moment.known_at is None else f"at {moment_text(moment.known_at)}"
    return f"{moment.as_of} as known {known}"


def _lines(one: ChangedDocument, labels: Sequence[str], currency: str) -> list[str]:
    """Return what people are told of a document, its buckets, and the events behind them."""
    record = one.record
    told = [f"{record.kind} {record.record_id} of company {record.company_id}"]
    for cell in record.cells:
        before, after, difference = (
            money_text(amount, currency)
            for amount in (cell.before, cell.after, cell.after - cell.before)
        )
        told.append(
            f"  {labels[cell.bucket]} of account {cell.cust_id}: {before} → {after} ({difference})"
        )
    return [*told, *effects(one.events, currency)]


_BUCKET = (
    "company",
    "account",
    "bucket",
    "before",
    "after",
    "difference",
    "currency",
    "documents before",
    "documents after",
)

_DOCUMENT = (
    "company",
    "kind",
    "record",
    "account",
    "bucket",
    "before",
    "after",
    "difference",
    "position",
    "event",
    "on",
    "recorded",
    "actor",
    "effect",
)


def _of_buckets(found: AgingDifference) -> list[Sequence[Any]]:
    """Return a row for each bucket that changed, and for the total of its group."""
    return [
        [
            group.company,
            group.account,
            one.label,
            money_text(one.before, group.currency),
            money_text(one.after, group.currency),
            money_text(one.difference, group.currency),
            group.currency,
            one.count_before,
            one.count_after,
        ]
        for group in found.groups
        for one in (*filter(_changed, group.buckets), group.total)
    ]


def _changed(bucket: BucketDifference) -> bool:
    return bool(bucket.difference) or bucket.count_before != bucket.count_after


def _of_documents(
    found: AgingDifference, documents: Sequence[ChangedDocument], currencies: dict[str, str]
) -> list[Sequence[Any]]:
    """Return rows for each document: first its buckets, then the events behind them."""
    rows: list[Sequence[Any]] = []
    for one in documents:
        record = one.record
        currency = currencies[record.company_id]
        of_record = [record.company_id, record.kind.value, record.record_id]
        rows += [
            [
                *of_record,
                cell.cust_id,
                found.labels[cell.bucket],
                money_text(cell.before, currency),
                money_text(cell.after, currency),
                money_text(cell.after - cell.before, currency),
                *[""] * 6,
            ]
            for cell in record.cells
        ]
        rows += [
            [
                *of_record,
                *[""] * 5,
                event.position,
                event.type,
                event.effective_on,
                event.recorded_at.isoformat(),
                event.actor,
                money_text(event.effect or Decimal(0), currency),
            ]
            for event in one.events
        ]
    return rows


def _told(
    found: AgingDifference, documents: Sequence[ChangedDocument], currencies: dict[str, str]
) -> dict[str, Any]:
    compared = found.compared
    return {
        "before": _moment(compared.before, found.positions[0]),
        "after": _moment(compared.after, found.positions[1]),
        "basis": compared.basis.value,
        "equal": found.equal,
        "count": found.count,
        "groups": [
            {
                "company": group.company,
                "account": group.account,
                "currency": group.currency,
                "buckets": [_bucket(one, group.currency) for one in group.buckets],
                "total": _bucket(group.total, group.currency),
            }
            for group in found.groups
        ],
        "documents": [
            _document(one, found.labels, currencies[one.record.company_id]) for one in documents
        ],
    }


def _moment(moment: AgingMoment, position: int) -> dict[str, Any]:
    known_at = moment.known_at
    return {
        "as_of": moment.as_of.isoformat(),
        "known_at": None if known_at is None else known_at.isoformat(),
        "position": position,
    }


def _bucket(one: BucketDifference, currency: str) -> dict[str, Any]:
    return {
        "label": one.label,
        "before": money_text(one.before, currency),
        "after": money_text(one.after, currency),
        "difference": money_text(one.difference, currency),
        "count_before": one.count_before,
        "count_after": one.count_after,
    }


def _document(one: ChangedDocument, labels: Sequence[str], currency: str) -> dict[str, Any]:
    record = one.record
    return {
        "company": record.company_id,
        "kind": record.kind.value,
        "record": record.record_id,
        "stream": one.stream,
        "balance_before": money_text(one.balance_before, currency),
        "balance_after": money_text(one.balance_after, currency),
        "buckets": [
            {
                "account": cell.cust_id,
                "label": labels[cell.bucket],
                "before": money_text(cell.before, currency),
                "after": money_text(cell.after, currency),
                "difference": money_text(cell.after - cell.before, currency),
            }
            for cell in record.cells
        ],
        "events": [
            {
                "position": event.position,
                "stream": event.stream,
                "version": event.version,
                "type": event.type,
                "effective_on": event.effective_on.isoformat(),
                "recorded_at": event.recorded_at.isoformat(),
                "actor": event.actor,
                "effect": money_text(event.effect or Decimal(0), currency),
            }
            for event in one.events
        ],
    }
