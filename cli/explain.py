"""`tallystick explain`: what figures are made of, why there is an action, and why there is none."""

from collections.abc import Sequence
from datetime import date

import click
import msgspec

from cli.context import Format, Session, command_options
from cli.explain_figure import figure
from cli.output import print_json, print_rows
from cli.values import DATE
from runtime.explaining import Explainer, Fact, Subject


@click.group()
def explain() -> None:
    """Explain figures, and what rules did and did not do."""


explain.add_command(figure)


@explain.command()
@click.argument("issue_id")
@command_options
def action(session: Session, issue_id: str) -> None:
    """Why there is the issue ISSUE_ID: the rule, its version, and the facts it was made of."""
    with session.database.connect("worker") as connection:
        connection.execute("SET search_path = read_models, public")
        told = Explainer(connection, session.tenant().id).action(issue_id)
    if session.format is Format.JSON:
        print_json(msgspec.to_builtins(told, str_keys=True))
        return
    if session.format is Format.TABLE:
        click.echo(told.sentence)
    _facts(session.format, told.facts)


@explain.command()
@click.option("--class", "class_id", required=True, metavar="ID", help="The credit class.")
@click.option("--rule", "rule_id", required=True, metavar="ID", help="The rule.")
@click.option("--company", required=True, metavar="ID", help="The ERP company.")
@click.option("--account", required=True, metavar="ID", help="The account.")
@click.option("--invoice", default="", metavar="ID", help="The document, for rules about them.")
@click.option("--date", "on", type=DATE, required=True, help="The business date.")
@command_options
def absence(
    session: Session,
    class_id: str,
    rule_id: str,
    company: str,
    account: str,
    invoice: str,
    on: date,
) -> None:
    """Why a rule made no action for a date: the first thing that stood in the way."""
    with session.database.connect("worker") as connection:
        connection.execute("SET search_path = read_models, public")
        explainer = Explainer(connection, session.tenant().id)
        told = explainer.absence(class_id, rule_id, Subject(company, account, invoice), on)
    if session.format is Format.JSON:
        print_json(msgspec.to_builtins(told, str_keys=True))
        return
    if session.format is Format.TABLE:
        click.echo(told.sentence)
    if told.facts:
        _facts(session.format, told.facts)


def _facts(output: Format, facts: Sequence[Fact]) -> None:
    rows = [
        [
            one.tran_id or "",
            one.field,
            "unknown" if one.value is None else one.value,
            "; ".join(one.conditions),
            one.established_by.type if one.established_by else "",
            one.established_by.position if one.established_by else "",
            one.established_by.effective_on if one.established_by else "",
        ]
        for one in facts
    ]
    print_rows(output, ["document", "field", "value", "rule asks", "event", "position", "on"], rows)
