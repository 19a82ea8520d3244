"""What the rules of a class say on a date: one scan of a view for all of them (DESIGN section 5).

Of each account or open document it is worked out which rules' conditions hold, as bits of one
number, and set against the bits of the subjects that issues of these rules are about already. Only
records of which something changed come back: a condition holds of which its rule made nothing yet,
or one holds no longer of which an issue was made. So a run on a day without news reads much and
answers nothing.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from domain.conditions import Condition, fields_of
from domain.issue import ACCOUNT
from domain.rule_view import RuleView
from domain.shared.facts import CareFacts, DocumentFacts
from projections.invoice_joins import CLOSED_ON, OWN_DUE_DATE
from projections.listing import column_of, predicates
from projections.query import Query, sql
from projections.rule_issues import RULE_ISSUES
from projections.rule_views import ACCOUNT_PREFIX, account_fields_of, rule_view
from projections.view import Asked

RULES_MAX = 60
"""Rules of one scan at most: each is a bit of a number of 64."""

_ISSUES, _SUBJECTS = RULE_ISSUES.tables


class ScannedRule(Struct, frozen=True):
    """A rule as a scan sees it; with `repeats` it makes an action each time (RULE-10)."""

    rule_id: str
    condition: Condition
    repeats: bool = False


class Scan(Struct, frozen=True):
    """Rules of one view of a class, at most `RULES_MAX`, over the records of a date.

    Accounts without a class are of the site's default one (RULE-03). With `told_only` just the
    subjects are looked at that issues of the rules are about.
    """

    asked: Asked
    class_id: str
    view: RuleView
    rules: tuple[ScannedRule, ...]
    told_only: bool = False


class Changed(Struct, frozen=True, gc=False):
    """A subject of which something changed.

    `begun` and `lapsed` are places of rules in the scan: conditions that hold of a subject that
    their rules made nothing of, and such as hold no longer of one that they did. `document` is
    None where the account is the subject, or where there is nothing more to know of it. `values`
    are those of the fields that the conditions of the scan look at, if one of them holds.
    """

    company_id: str
    cust_id: str
    tran_id: str
    begun: tuple[int, ...]
    lapsed: tuple[int, ...]
    care: CareFacts
    document: DocumentFacts | None
    values: Mapping[str, Any]


def changes(scan: Scan) -> Query[Changed]:
    """Return the question for the subjects of which something changed, by account and document."""
    matched, parameters = _matched(scan)
    statement = f"""
        WITH told AS ({_told(scan)}), matched AS ({matched})
        SELECT * FROM (
            SELECT coalesce(m.company_id, t.company_id) AS company_id,
                   coalesce(m.cust_id, t.cust_id) AS cust_id,
                   coalesce(m.tran_id, t.tran_id) AS tran_id,
                   coalesce(m.bits, 0) & ~coalesce(t.bits, 0) AS begun,
                   coalesce(t.live, 0) & ~coalesce(m.bits, 0) AS lapsed,
                   {_columns(scan)}
            FROM matched m FULL JOIN told t
              ON t.company_id = m.company_id AND t.cust_id = m.cust_id AND t.tran_id = m.tran_id
        ) c
        WHERE begun <> 0 OR lapsed <> 0
        ORDER BY company_id, cust_id, tran_id"""
    names = looked_at(scan)

    def changed(
        company_id: str, cust_id: str, tran_id: str, begun: int, lapsed: int, *shown: Any
    ) -> Changed:
        return Changed(
            company_id,
            cust_id,
            tran_id,
            _places(begun),
            _places(lapsed),
            *_facts(company_id, cust_id, tran_id, *shown[: len(_SHOWN)]),
            dict(zip(names, shown[len(_SHOWN) :], strict=True)),
        )

    return Query(sql(statement), parameters | _told_parameters(scan), changed)


class Matched(Struct, frozen=True, gc=False):
    """A subject of which conditions hold: the places of their rules in the scan, and the values."""

    company_id: str
    cust_id: str
    tran_id: str
    rules: tuple[int, ...]
    care: CareFacts
    document: DocumentFacts | None
    values: Mapping[str, Any]


def matches(scan: Scan) -> Query[Matched]:
    """Return the question for all subjects of which conditions hold, whatever rules made of it."""
    matched, parameters = _matched(scan)
    statement = f"""
        SELECT company_id, cust_id, tran_id, bits, {_columns(scan)} FROM ({matched}) m
        ORDER BY company_id, cust_id, tran_id"""

    names = looked_at(scan)

    def match(company_id: str, cust_id: str, tran_id: str, bits: int, *shown: Any) -> Matched:
        facts = _facts(company_id, cust_id, tran_id, *shown[: len(_SHOWN)])
        values = dict(zip(names, shown[len(_SHOWN) :], strict=True))
        return Matched(company_id, cust_id, tran_id, _places(bits), *facts, values)

    return Query(sql(statement), parameters, match)


_DOCUMENT = {
    "type": "i.type",
    "tran_date": "i.tran_date",
    "due_date": OWN_DUE_DATE,
    "curr_id": "i.curr_id",
    "home_curr_id": "i.home_curr_id",
    "amount": "i.amount",
    "amount_hc": "i.amount_hc",
    "balance": "o.balance",
    "balance_hc": "o.balance_hc",
    "closed_on": CLOSED_ON,
}
"""What is shown of a document that matches, as the facts that deciders are told."""

_CARE = ("assigned_user_id", "days_to_respond", "credit_class_id")
"""What is shown of the account's care; the last is what the records of a class are found by."""

_SHOWN = (*_CARE[:-1], *_DOCUMENT)


def looked_at(scan: Scan) -> tuple[str, ...]:
    """Return the fields that the conditions look at, in order."""
    return tuple(sorted({name for one in scan.rules for name in fields_of(one.condition)}))


def _columns(scan: Scan) -> str:
    """Return the columns of a record `m` that matches, beside its key and bits."""
    shown = [f'm."shown {name}"' for name in _SHOWN]
    return ", ".join([*shown, *(f'm."value {name}"' for name in looked_at(scan))])


def _matched(scan: Scan) -> tuple[str, dict[str, Any]]:
    """Return the SQL of the records of which conditions hold, and its parameters."""
    conditions = [one.condition for one in scan.rules]
    if scan.view is RuleView.INVOICE:
        used = {name for one in conditions for name in account_fields_of(one)}
        view = rule_view(scan.view, sorted({*used, *_CARE}))
        care = [f"{ACCOUNT_PREFIX}{name}" for name in _CARE]
        source, own_id, document, where = "i", "tran_id", _DOCUMENT, ["o.balance <> 0"]
        also, tran_id = ["balance", "tran_id"], column_of("tran_id")
    else:
        view, care = rule_view(scan.view), [*_CARE]
        source, own_id, where = "c", "cust_id", []
        document = dict.fromkeys(_DOCUMENT, "NULL")
        also, tran_id = [], f"'{ACCOUNT}'"
    class_id = view.field(care[-1]).sql
    where.append(f"coalesce({class_id}, %(default_credit_class)s::text) = %(class_id)s")
    if scan.told_only:
        told = f"SELECT t.company_id, t.{own_id} FROM told t"
        where.append(f"({source}.company_id, {source}.{own_id}) IN ({told})")
    compiled = predicates(
        view,
        scan.asked,
        conditions,
        also=["company_id", "cust_id", *also, *care],
        columns={f"shown {name}": expression for name, expression in document.items()},
        where=where,
    )
    bits = " | ".join(
        f"CASE WHEN {holds} THEN {1 << place}::bigint ELSE 0 END"
        for place, holds in enumerate(compiled.holds)
    )
    columns = ", ".join(
        [
            *(
                f'{column_of(field)} AS "shown {name}"'
                for field, name in zip(care[:-1], _CARE, strict=False)
            ),
            *(column_of(f"shown {name}") for name in document),
            *(f'{column_of(name)} AS "value {name}"' for name in looked_at(scan)),
        ]
    )
    statement = f"""
        SELECT {column_of("company_id")}, {column_of("cust_id")}, {tran_id} AS tran_id,
               {bits} AS bits, {columns}
        FROM ({compiled.records}) r
        WHERE {" OR ".join(compiled.holds)}"""
    return statement, compiled.parameters | {"class_id": scan.class_id}


def _told(scan: Scan) -> str:
    """Return the SQL of the subjects that issues of the rules are about, on the date."""
    lapsed = "(x.lapsed_on IS NULL OR x.lapsed_on > %(as_of)s)"
    open_still = "(x.resolved_on IS NULL OR x.resolved_on > %(as_of)s)"
    return f"""
        SELECT x.company_id, x.cust_id, x.tran_id,
               bit_or(r.bit) FILTER (WHERE NOT r.repeats OR x.since = %(as_of)s) AS bits,
               bit_or(r.bit) FILTER (WHERE {lapsed}) AS live
        FROM {scan.asked.rows(_SUBJECTS)} x
        JOIN unnest(%(rule_ids)s::text[], %(rule_bits)s::bigint[], %(repeats)s::boolean[])
            AS r (rule_id, bit, repeats) ON r.rule_id = x.rule_id
        WHERE x.tenant = %(tenant)s AND x.class_id = %(class_id)s AND x.since <= %(as_of)s
          AND ({lapsed} OR {open_still})
        GROUP BY x.company_id, x.cust_id, x.tran_id"""


def _told_parameters(scan: Scan) -> dict[str, Any]:
    return {
        "rule_ids": [one.rule_id for one in scan.rules],
        "rule_bits": [1 << place for place in range(len(scan.rules))],
        "repeats": [one.repeats for one in scan.rules],
    }


def _facts(
    company_id: str,
    cust_id: str,
    tran_id: str,
    assigned_user_id: str | None,
    days_to_respond: int | None,
    type: str | None,  # noqa: A002
    *document: Any,
) -> tuple[CareFacts, DocumentFacts | None]:
    care = CareFacts(assigned_user_id, days_to_respond)
    if type is None:
        return care, None
    return care, DocumentFacts(company_id, tran_id, cust_id, type, *document)


def _places(bits: int) -> tuple[int, ...]:
    """Return which bits are set, in order."""
    places: list[int] = []
    while bits:
        lowest = bits & -bits
        places.append(lowest.bit_length() - 1)
        bits ^= lowest
    return tuple(places)
