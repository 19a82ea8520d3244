"""Single records as rules see them: the values that conditions look at, and why one fails."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from psycopg import Connection

from domain.conditions import AnyOf, Condition, Operand, described, first_failing
from domain.rule_view import RuleView
from projections.listing import Listing, Record, by_key
from projections.query import fetch
from projections.rule_views import account_fields_of, fields_of, rule_view
from projections.view import Asked
