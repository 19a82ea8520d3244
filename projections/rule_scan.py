"""What the rules of a class say on a date: one scan of a view for all of them (DESIGN section 5).

Of each account or open document it is worked out which rules' conditions hold, as bits of one
number, and set against the bits of the subjects that issues of these rules are about already. Only
records of which something changed come back: a condition holds of which its rule made nothing yet,
or one holds no longer of which an issue was made. So a run on a day without news reads much and
answers nothing.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec import Struct

from domain.conditions import Condition, fields_of
from domain.durations import OPEN_ENDED
from domain.issue import ACCOUNT
from domain.rule_situation import Told
from domain.rule_view import RuleView
from domain.shared.facts import CareFacts, DocumentFacts
from projections.account_care import ACCOUNT_CARE
from projections.invoice_joins import CLOSED_ON, OWN_DUE_DATE
from projections.invoices import INVOICES
from projections.listing import column_of, predicates
from projections.open_documents import class_parameters
from projections.query import AS_IT_STANDS, Query, sql
from projections.rule_issues import RULE_ISSUES
from projections.rule_views import ACCOUNT_PREFIX, IS_OPEN, account_fields_of, rule_view
from projections.view import Asked, Field, Kind

RULES_MAX = 60
"""Rules of one scan at most: each is a bit of a number of 64."""

_SUBJECTS = RULE_ISSUES.tables[1]
_CARE = ACCOUNT_CARE.tables[0]
_BALANCES = INVOICES.tables[2]


class ScannedRule(Struct, frozen=True):
    """A rule as a scan sees it; with `repeats` it makes an action each time (RULE-10)."""

    rule_id: str
    condition: Condition
    repeats: bool = False


class Scan(Struct, frozen=True):
    """Rules of one view of a class, at most `RULES_MAX`, over the records of a date.

    Accounts without a class are of the site's default one (RULE-03); with `everyone` all accounts
    are taken for those of the class. With `told_only` just the subjects are looked at that issues
    of the rules are about. Which those are is `told`, or read where it is None.
    """

    asked: Asked
    class_id: str
    view: RuleView
    rules: tuple[ScannedRule, ...]
    told_only: bool = False
    told: tuple[Told, ...] | None = None
    everyone: bool = False


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


def later_changes(asked: Asked) -> Query[bool]:
    """Return the question whether the balance of a document changes after the as-of date.

    If none does, a scan may be of an `asked` that is settled: PostgreSQL then reads the present
    balances, of which it can estimate and compare more.
    """
    classes = class_parameters(asked.as_of)
    ahead = asked.as_of + timedelta(1)  # what has no end changes if it begins later
    since = [
        ahead if duration == OPEN_ENDED else begun
        for duration, begun in zip(classes["durations"], classes["since"], strict=True)
    ]
    statement = f"""
        SELECT EXISTS (
            SELECT FROM unnest(%(durations)s::smallint[], %(since)s::date[])
                AS d (duration_class, since)
            CROSS JOIN LATERAL (
                SELECT FROM {asked.rows(_BALANCES)} b
                WHERE b.tenant = %(tenant)s AND b.duration_class = d.duration_class
                  AND b.effective_from >= d.since AND b.effective_to > %(as_of)s
                {AS_IT_STANDS}
            ) b)"""
    return Query(sql(statement), asked.parameters | classes | {"since": since}, bool)


def changes(scan: Scan) -> Query[Changed]:
    """Return the question for the subjects of which something changed, by account and document."""
    matched, parameters = _matched(scan)
    names = looked_at(scan)
    values = "".join(f', m."value {name}"' for name in names)
    statement = f"""
        WITH told AS ({_told(scan)}), matched AS ({matched})
        SELECT news.*, facts.* FROM (
            SELECT coalesce(m.company_id, t.company_id) AS company_id,
                   coalesce(m.cust_id, t.cust_id) AS cust_id,
                   coalesce(m.tran_id, t.tran_id) AS tran_id,
                   coalesce(m.bits, 0) & ~coalesce(t.bits, 0) AS begun,
                   coalesce(t.live, 0) & ~coalesce(m.bits, 0) AS lapsed{values}
            FROM matched m FULL JOIN told t
              ON t.company_id = m.company_id AND t.cust_id = m.cust_id AND t.tran_id = m.tran_id
        ) news
        LEFT JOIN LATERAL ({_facts(scan, "news")}) facts ON news.begun <> 0
        WHERE news.begun <> 0 OR news.lapsed <> 0
        ORDER BY news.company_id, news.cust_id, news.tran_id"""

    def changed(
        company_id: str, cust_id: str, tran_id: str, begun: int, lapsed: int, *rest: Any
    ) -> Changed:
        return Changed(
            company_id,
            cust_id,
            tran_id,
            _places(begun),
            _places(lapsed),
            *_care_and_document(company_id, cust_id, tran_id, *rest[len(names) :]),
            dict(zip(names, rest, strict=False)),
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
        SELECT m.*, facts.* FROM ({matched}) m
        LEFT JOIN LATERAL ({_facts(scan, "m")}) facts ON true
        ORDER BY m.company_id, m.cust_id, m.tran_id"""
    names = looked_at(scan)

    def match(company_id: str, cust_id: str, tran_id: str, bits: int, *rest: Any) -> Matched:
        facts = _care_and_document(company_id, cust_id, tran_id, *rest[len(names) :])
        values = dict(zip(names, rest, strict=False))
        return Matched(company_id, cust_id, tran_id, _places(bits), *facts, values)

    return Query(sql(statement), parameters, match)


def looked_at(scan: Scan) -> tuple[str, ...]:
    """Return the fields that the conditions look at, in order, and the currency of accounts."""
    names = {name for one in scan.rules for name in fields_of(one.condition)}
    if scan.view is RuleView.ACCOUNT:
        names.add("home_curr_id")
    return tuple(sorted(names))


def _matched(scan: Scan) -> tuple[str, dict[str, Any]]:
    """Return the SQL of the records of which conditions hold, and its parameters.

    They have their key, the bits of the rules, and the values that the conditions look at.
    """
    conditions = [one.condition for one in scan.rules]
    of_documents = scan.view is RuleView.INVOICE
    key = ("company_id", "cust_id", "tran_id") if of_documents else ("company_id", "cust_id")
    where = [_of_class(scan)]
    if of_documents:
        where.append(IS_OPEN)
    if scan.told_only:
        where.append(_told_of(scan))
    used = {name for one in conditions for name in account_fields_of(one)}
    view = rule_view(scan.view, sorted(used))
    compiled = predicates(view, scan.asked, conditions, also=(*key, *looked_at(scan)), where=where)
    bits = " | ".join(
        f"CASE WHEN {holds} THEN {1 << place}::bigint ELSE 0 END"
        for place, holds in enumerate(compiled.holds)
    )
    columns = [
        *(column_of(name) for name in key),
        *([] if of_documents else [f"'{ACCOUNT}' AS tran_id"]),
        f"{bits} AS bits",
        *(f'{column_of(name)} AS "value {name}"' for name in looked_at(scan)),
    ]
    statement = f"""
        SELECT {", ".join(columns)}
        FROM ({compiled.records}) r
        WHERE {" OR ".join(compiled.holds)}"""
    return statement, compiled.parameters | {"class_id": scan.class_id}


def _of_class(scan: Scan) -> Field:
    """Return whether a record's account is of the class; it is of the default one without any."""
    if scan.everyone:
        return Field("of_class", Kind.BOOLEAN, "Whether its account is of the class.", "true")
    source = _SOURCES[scan.view]
    of_account = f"""SELECT FROM {scan.asked.rows(_CARE)} own
        WHERE own.tenant = %(tenant)s AND own.company_id = {source}.company_id
          AND own.cust_id = {source}.cust_id AND own.credit_class_id"""
    if scan.class_id == scan.asked.options.default_credit_class_id:
        test = f"NOT EXISTS ({of_account} <> %(class_id)s)"
    else:
        test = f"EXISTS ({of_account} = %(class_id)s)"
    return Field("of_class", Kind.BOOLEAN, "Whether its account is of the class.", test)


def _told_of(scan: Scan) -> Field:
    """Return whether issues of the rules are about a record."""
    source, own_id = _SOURCES[scan.view], _OWN_IDS[scan.view]
    told = f"SELECT t.company_id, t.{own_id} FROM told t"
    test = f"({source}.company_id, {source}.{own_id}) IN ({told})"
    return Field("told_of", Kind.BOOLEAN, "Whether issues of the rules are about it.", test)


def _facts(scan: Scan, record: str) -> str:
    """Return the SQL of what deciders are told of a record: its account's care, and a document."""
    if scan.view is RuleView.INVOICE:
        view = rule_view(scan.view, _OF_CARE)
        own = [view.field(f"{ACCOUNT_PREFIX}{name}") for name in _OF_CARE]
        fields = (*own, *_OF_DOCUMENT)
    else:
        view = rule_view(scan.view)
        fields = tuple(view.field(name) for name in _OF_CARE)
    source, own_id = _SOURCES[scan.view], _OWN_IDS[scan.view]
    shown = ", ".join(f'{one.sql} AS "fact {one.name}"' for one in fields)
    return f"""
        SELECT {shown} {view.from_clause(scan.asked, fields, few=True)}
        WHERE {view.where(scan.asked)} AND {source}.company_id = {record}.company_id
          AND {source}.{own_id} = {record}.{own_id}"""


_SOURCES = {RuleView.INVOICE: "i", RuleView.ACCOUNT: "c"}
"""What views call the rows that their records come from."""

_OWN_IDS = {RuleView.INVOICE: "tran_id", RuleView.ACCOUNT: "cust_id"}
"""What tells a record from the others of its company."""

_OF_CARE = ("assigned_user_id", "days_to_respond")


def _fact(name: str, kind: Kind, expression: str) -> Field:
    return Field(name, kind, "A fact of the document.", expression, needs=("open",))


_OF_DOCUMENT = (
    _fact("type", Kind.TEXT, "i.type"),
    _fact("tran_date", Kind.DATE, "i.tran_date"),
    _fact("due_date", Kind.DATE, OWN_DUE_DATE),
    _fact("curr_id", Kind.TEXT, "i.curr_id"),
    _fact("home_curr_id", Kind.TEXT, "i.home_curr_id"),
    _fact("amount", Kind.MONEY, "i.amount"),
    _fact("amount_hc", Kind.MONEY, "i.amount_hc"),
    _fact("balance", Kind.MONEY, "o.balance"),
    _fact("balance_hc", Kind.MONEY, "o.balance_hc"),
    _fact("closed_on", Kind.DATE, CLOSED_ON),
)


def _told(scan: Scan) -> str:
    """Return the SQL of the subjects that issues of the rules are about, on the date."""
    if scan.told is not None:
        return """
            SELECT * FROM unnest(%(told_companies)s::text[], %(told_customers)s::text[],
                %(told_documents)s::text[], %(told_bits)s::bigint[], %(told_live)s::bigint[])
                AS x (company_id, cust_id, tran_id, bits, live)"""
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
    if scan.told is not None:
        return {
            "told_companies": [one.company_id for one in scan.told],
            "told_customers": [one.cust_id for one in scan.told],
            "told_documents": [one.tran_id for one in scan.told],
            "told_bits": [one.bits for one in scan.told],
            "told_live": [one.live for one in scan.told],
        }
    return {
        "rule_ids": [one.rule_id for one in scan.rules],
        "rule_bits": [1 << place for place in range(len(scan.rules))],
        "repeats": [one.repeats for one in scan.rules],
    }


def _care_and_document(
    company_id: str,
    cust_id: str,
    tran_id: str,
    assigned_user_id: str | None,
    days_to_respond: int | None,
    type: str | None = None,  # noqa: A002
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
