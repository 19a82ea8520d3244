"""How many records the filter of a rule meets, of how many there are (RULE-05)."""

from domain.conditions import Condition
from domain.rule import Reach
from domain.rule_view import RuleView
from projections.listing import predicates
from projections.query import Query, sql
from projections.rule_views import account_fields_of, rule_view
from projections.view import Asked


def reach_of(asked: Asked, view: RuleView, condition: Condition) -> Query[Reach]:
    """Return the question for the reach of a condition over accounts, or over open documents."""
    of_documents = view is RuleView.INVOICE
    shown = rule_view(view, account_fields_of(condition) if of_documents else ())
    compiled = predicates(shown, asked, [condition], ["balance"] if of_documents else [])
    open_only = " AND o.balance <> 0" if of_documents else ""
    statement = f"""
        SELECT count(*) FILTER (WHERE {compiled.holds[0]}), count(*)
        {compiled.from_clause} WHERE {compiled.where}{open_only}"""
    return Query(sql(statement), compiled.parameters, Reach)
