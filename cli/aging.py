"""`tallystick aging`: what is open, by age, at any date and as known at any moment."""

from datetime import date, datetime

import click

from cli.context import Format, Session, command_options, replay_option
from cli.event_lines import moment_text
from cli.output import print_json, print_rows
from cli.values import DATE, MOMENT
from domain.aging import Basis, labels
from domain.shared.currency import money_text
from projections.aging import AgingBy, AgingGroup, aging_cells, aging_groups
from projections.open_documents import boundaries_of
from projections.query import fetch
from runtime.site import site_options, today


@click.command()
@click.option("--as-of", type=DATE, help="The date to age at; by default today.")
@click.option("--known-at", type=MOMENT, help="As the log knew it then; by default now.")
@click.option("--basis", type=click.Choice([one.value for one in Basis]), help="Age by what.")
@click.option("--by", type=click.Choice([one.value for one in AgingBy]), default="company")
@command_options
@replay_option
def aging(
    session: Session, as_of: date | None, known_at: datetime | None, basis: str | None, by: str
) -> None:
    """Print open amounts in home currency by age."""
    tenant = session.tenant()
    with session.database.connect("worker") as connection:
        options = site_options(connection, tenant.id)
        on = as_of or today(options, session.database.now())
        chosen = Basis(basis) if basis else Basis.DUE
        query = aging_cells(
            tenant.id, options, as_of=on, basis=chosen, by=AgingBy(by), known_at=known_at
        )
        groups = aging_groups(fetch(connection, query), options, chosen)
    if session.format is Format.JSON:
        print_json(
            {
                "as_of": on.isoformat(),
                "known_at": known_at.isoformat() if known_at else None,
                "basis": chosen.value,
                "groups": [_group(group) for group in groups],
            }
        )
        return
    names = labels(chosen, boundaries_of(chosen, options))
    rows = [
        [
            group.company,
            *([group.account] if by == AgingBy.ACCOUNT else []),
            group.currency,
            *(money_text(bucket.amount, group.currency) for bucket in group.buckets),
            money_text(group.amount, group.currency),
            group.count,
        ]
        for group in groups
    ]
    account = ["account"] if by == AgingBy.ACCOUNT else []
    columns = ["company", *account, "currency", *names, "total", "documents"]
    title = f"Open on {on} by {chosen.value} date"
    if known_at is not None:
        title = f"{title}, as known at {moment_text(known_at)}"
    print_rows(session.format, columns, rows, title=title)


def _group(group: AgingGroup) -> dict[str, object]:
    return {
        "company": group.company,
        "account": group.account,
        "currency": group.currency,
        "buckets": [
            {
                "label": bucket.label,
                "amount": money_text(bucket.amount, group.currency),
                "count": bucket.count,
            }
            for bucket in group.buckets
        ],
        "total": {"amount": money_text(group.amount, group.currency), "count": group.count},
    }
