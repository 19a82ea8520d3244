"""`tallystick credit-scores`: credit scores by a function of the site's own (ACC-12)."""

import sys
from datetime import date

import click

from cli.context import Format, Session, command_options, note
from cli.output import print_json, print_rows
from cli.values import DATE
from runtime.credit_scores import credit_score_function, score_accounts
from runtime.site import site_options, today


@click.group()
def credit_scores() -> None:
    """Credit scores by the function that TALLYSTICK_CREDIT_SCORE names."""


@credit_scores.command()
@click.option("--business-date", type=DATE, help="The date of the figures; by default today.")
@command_options
def run(session: Session, business_date: date | None) -> None:
    """Compute the score of every account; record those that changed."""
    compute = credit_score_function(session.settings.credit_score)
    tenant = session.tenant()
    with session.database.connect("worker") as connection:
        options = site_options(connection, tenant.id)
    on = business_date or today(options)
    scored = score_accounts(session.database, tenant, compute, options, on, actor="cli")
    told = {
        "accounts": scored.accounts,
        "changed": scored.changed,
        "refused": scored.refused_count,
        "position": scored.position,
    }
    if session.format is Format.JSON:
        print_json(told)
    else:
        print_rows(session.format, list(told), [list(told.values())])
    for company_id, cust_id, reason in scored.refused:
        note(f"refused {company_id}/{cust_id}: {reason}")
    if scored.refused_count:
        sys.exit(1)
