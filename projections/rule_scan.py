"""What the rules of a class say on a date: one scan of a view for all of them (DESIGN section 5).

Of each account or open document it is worked out which rules' conditions hold, as bits of one
number, and set against the bits of the subjects that issues of these rules are about already. Only
records of which something changed come back: a condition holds of which its rule made nothing yet,
or one holds no longer of which an issue was made. So a run on a day without news reads much and
answers nothing.
"""

from typing import Any

from msgspec import Struct

from domain.conditions import Condition
from domain.issue import ACCOUNT
from domain.rule_view import RuleView
from domain.shared.facts import CareFacts, DocumentFacts
from projections.invoice_joins import CLOSED_ON, OWN_DUE_DATE
from projections.listing import predicates
from projections.query import Query, sql
from projections.rule_issues import RULE_ISSUES
from projections.rule_views import account_fields_of, rule_view
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
    None where the account is the subject, or where there is nothing more to know of it.
    """

    company_id: str
    cust_id: str
    tran_id: str
    begun: tuple[int, ...]
    lapsed: tuple[int, ...]
    care: CareFacts
    document: DocumentFacts | None


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
                   {", ".join(f"m.{name}" for name in _SHOWN)}
            FROM matched m FULL JOIN told t
              ON t.company_id = m.company_id AND t.cust_id = m.cust_id AND t.tran_id = m.tran_id
        ) c
        WHERE begun <> 0 OR lapsed <> 0
        ORDER BY company_id, cust_id, tran_id"""
    return Query(sql(statement), parameters | _told_parameters(scan), _changed)


class Matched(Struct, frozen=True, gc=False):
    """A subject of which conditions hold: the places of their rules in the scan."""

    company_id: str
    cust_id: str
    tran_id: str
    rules: tuple[int, ...]
    care: CareFacts
    document: DocumentFacts | None


def matches(scan: Scan) -> Query[Matched]:
    """Return the question for all subjects of which conditions hold, whatever rules made of it."""
    matched, parameters = _matched(scan)
    statement = f"""
        SELECT company_id, cust_id, tran_id, bits, {", ".join(_SHOWN)} FROM ({matched}) m
        ORDER BY company_id, cust_id, tran_id"""
    return Query(sql(statement), parameters, _match)


_SHOWN = (
    "assigned_user_id",
    "days_to_respond",
    "type",
    "tran_date",
    "due_date",
    "curr_id",
    "home_curr_id",
    "amount",
    "amount_hc",
    "balance",
    "balance_hc",
    "closed_on",
)
"""What is shown of a record that matches: of its account's care, and of a document."""

_DOCUMENT = (
    "i.type",
    "i.tran_date",
    OWN_DUE_DATE,
    "i.curr_id",
    "i.home_curr_id",
    "i.amount",
    "i.amount_hc",
    "o.balance",
    "o.balance_hc",
    CLOSED_ON,
)

_NO_DOCUMENT = (
    "NULL::text",
    "NULL::date",
    "NULL::date",
    "NULL::text",
    "NULL::text",
    *("NULL::numeric",) * 4,
    "NULL::date",
)

_CARE = ("assigned_user_id", "days_to_respond", "credit_class_id")


def _matched(scan: Scan) -> tuple[str, dict[str, Any]]:
    """Return the SQL of the records of which conditions hold, and its parameters."""
    conditions = [one.condition for one in scan.rules]
    of_documents = scan.view is RuleView.INVOICE
    if of_documents:
        used = {name for one in conditions for name in account_fields_of(one)}
        view = rule_view(scan.view, sorted({*used, *_CARE}))
        key, document, also = "i", _DOCUMENT, ["balance", *(f"account.{one}" for one in _CARE)]
    else:
        view = rule_view(scan.view)
        key, document, also = "c", _NO_DOCUMENT, [*_CARE]
    compiled = predicates(view, scan.asked, conditions, also)
    *care, class_id = (view.field(name).sql for name in also[-len(_CARE) :])
    where = [compiled.where, f"coalesce({class_id}, %(default_credit_class)s::text) = %(class_id)s"]
    if of_documents:
        where.append("o.balance <> 0")
    where.append(f"({' OR '.join(compiled.holds)})")
    if scan.told_only:
        own_id = "tran_id" if of_documents else "cust_id"
        told = f"SELECT t.company_id, t.{own_id} FROM told t"
        where.append(f"({key}.company_id, {key}.{own_id}) IN ({told})")
    bits = " | ".join(
        f"CASE WHEN {holds} THEN {1 << place}::bigint ELSE 0 END"
        for place, holds in enumerate(compiled.holds)
    )
    shown = ", ".join(
        f"{expression} AS {name}"
        for name, expression in zip(_SHOWN, (*care, *document), strict=True)
    )
    tran_id = "i.tran_id" if of_documents else f"'{ACCOUNT}'"
    statement = f"""
        SELECT {key}.company_id, {key}.cust_id, {tran_id} AS tran_id, {bits} AS bits, {shown}
        {compiled.from_clause}
        WHERE {" AND ".join(where)}"""
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


def _changed(
    company_id: str, cust_id: str, tran_id: str, begun: int, lapsed: int, *shown: Any
) -> Changed:
    care, document = _facts(company_id, cust_id, tran_id, *shown)
    return Changed(company_id, cust_id, tran_id, _places(begun), _places(lapsed), care, document)


def _match(company_id: str, cust_id: str, tran_id: str, bits: int, *shown: Any) -> Matched:
    care, document = _facts(company_id, cust_id, tran_id, *shown)
    return Matched(company_id, cust_id, tran_id, _places(bits), care, document)


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
    return tuple(place for place in range(RULES_MAX) if bits >> place & 1)
