"""What rules may ask about: the fields of accounts and of documents with their account (RULE-04)."""

from collections.abc import Mapping, Sequence

from domain.conditions import Condition
from domain.rule_view import RuleView
from projections.view import Field, View


def rule_fields(view: RuleView) -> Mapping[str, Field]:
    """Return the fields that rules of a view may use, by name; `account.<name>` on documents."""
    raise NotImplementedError(view)


def account_fields_of(condition: Condition) -> tuple[str, ...]:
    """Return the `account.<name>` fields that a condition uses, without the prefix, sorted."""
    raise NotImplementedError(condition)


def rule_view(view: RuleView, account_fields: Sequence[str] = ()) -> View:
    """Return the view that rules are evaluated on, with just these fields of the account joined."""
    raise NotImplementedError(view, account_fields)


def checked_filter(view: RuleView, text: str) -> Condition:
    """Return the condition that a filter says, its values of the types of their fields.

    Raises:
        Refused: with filter_syntax, filter_field_unknown, filter_type_wrong, filter_too_deep or
            filter_too_large.
    """
    raise NotImplementedError(view, text)
