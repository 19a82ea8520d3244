"""What the filter of a rule meets before there is a rule, and how much of all (RULE-05)."""

from msgspec.structs import replace

from domain.conditions import AllOf, AnyOf, Compared, Condition, Operator
from domain.rule import Reach
from domain.rule_view import RuleView
from projections.listing import predicates
from projections.query import Query, sql
from projections.rule_views import ACCOUNT_PREFIX, IS_OPEN, account_fields_of, rule_view
from projections.view import Asked, View

OPEN_ONLY: Condition = Compared(IS_OPEN.name, Operator.EQ, value=True)
"""What holds of the documents that rules are about, on the view of `open_records`."""


def open_records(condition: Condition) -> View:
    """Return the documents that rules may be about, with the account's fields of a condition."""
    view = rule_view(RuleView.INVOICE, account_fields_of(condition))
    return replace(view, name="rule_open_invoices", fields=(*view.fields, IS_OPEN))


def in_scope(
    asked: Asked, view: RuleView, class_id: str | None, company_id: str | None
) -> Condition:
    """Return what holds of the records of a class and a company; of all if none is named.

    Accounts without a class are of the site's default one (RULE-03).
    """
    parts: list[Condition] = []
    if company_id is not None:
        parts.append(Compared("company_id", Operator.EQ, company_id))
    if class_id is not None:
        field = (
            "credit_class_id" if view is RuleView.ACCOUNT else f"{ACCOUNT_PREFIX}credit_class_id"
        )
        own: Condition = Compared(field, Operator.EQ, class_id)
        if class_id == asked.options.default_credit_class_id:
            own = AnyOf((own, Compared(field, Operator.IS_NULL, value=True)))
        parts.append(own)
    return AllOf(parts)


def reach_of(asked: Asked, view: RuleView, condition: Condition) -> Query[Reach]:
    """Return the question for the reach of a condition over accounts, or over open documents."""
    of_documents = view is RuleView.INVOICE
    shown = rule_view(view, account_fields_of(condition) if of_documents else ())
    where = [IS_OPEN] if of_documents else []
    compiled = predicates(shown, asked, [condition], also=shown.key, where=where)
    statement = f"""
        SELECT count(*) FILTER (WHERE {compiled.holds[0]}), count(*)
        FROM ({compiled.records}) r"""
    return Query(sql(statement), compiled.parameters, Reach)
