"""View: payments of the ERP, and what each paid of which document."""

from msgspec.structs import replace

from domain.shared.record_types import RecordType
from projections.accounts import ACCOUNTS
from projections.companies import COMPANIES
from projections.invoices import INVOICES
from projections.payment_application_fields import PAYMENT_APPLICATION_FIELDS
from projections.payments import PAYMENTS
from projections.user_defined import (
    USER_FIELDS_JOIN,
    erp_fields,
    own_fields,
    user_defined,
    user_fields_join,
)
from projections.view import Asked, Field, Kind, View, plain

(_PAYMENTS,) = PAYMENTS.tables
(_COMPANIES,) = COMPANIES.tables
(_ACCOUNTS,) = ACCOUNTS.tables
_INVOICES, _APPLICATIONS, _ = INVOICES.tables
(_APPLICATION_FIELDS,) = PAYMENT_APPLICATION_FIELDS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_PAYMENTS)} p"


def _where(asked: Asked) -> str:
    return f"p.tenant = %(tenant)s AND {asked.begun('p.pmt_date')}"


def _company(asked: Asked) -> str:
    return f"""JOIN {asked.rows(_COMPANIES)} h
        ON h.tenant = p.tenant AND h.company_id = p.company_id"""


def _account(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_ACCOUNTS)} c ON c.tenant = p.tenant
        AND c.company_id = p.company_id AND c.cust_id = p.cust_id"""


def _applied(asked: Asked) -> str:
    return f"""CROSS JOIN LATERAL (
        SELECT coalesce(sum(x.amount) FILTER (WHERE x.applied_date <= %(as_of)s), 0) AS amount,
               coalesce(sum(x.amount) FILTER (WHERE x.applied_date > %(as_of)s), 0) AS later
        FROM {asked.rows(_APPLICATIONS)} x
        WHERE x.tenant = p.tenant AND x.company_id = p.company_id
          AND x.payment_id = p.payment_id) a"""


PAYMENT_VIEW = View(
    name="payments",
    description="Payments that the ERP recorded.",
    key=("company_id", "payment_id"),
    source=_source,
    where=_where,
    joins={
        "company": _company,
        "account": _account,
        "applied": _applied,
        USER_FIELDS_JOIN: user_fields_join("p", RecordType.PAYMENT),
    },
    fields=(
        *plain(
            "p",
            Kind.TEXT,
            {
                "company_id": "The ERP company that was paid.",
                "payment_id": "The payment's id in the ERP; its key together with the company.",
                "cust_id": "The account that paid.",
            },
            source="PAY-10",
            nullable=False,
        ),
        Field(
            "cust_name",
            Kind.TEXT,
            "The name of the account.",
            "c.cust_name",
            nullable=True,
            needs=("account",),
            source="ACC-02",
        ),
        Field("pmt_date", Kind.DATE, "When it was received.", "p.pmt_date", source="PAY-02"),
        Field(
            "pmt_date_days",
            Kind.INTEGER,
            "Days since it was received on the as-of date, negative before it.",
            "(%(as_of)s::date - p.pmt_date)",
            source="PAY-03",
        ),
        Field(
            "post_date",
            Kind.DATE,
            "When it was posted.",
            "p.post_date",
            nullable=True,
            source="PAY-04",
        ),
        Field(
            "amount",
            Kind.MONEY,
            "The amount in the customer's currency.",
            "p.amount",
            currency="curr_id",
            source="PAY-01",
        ),
        Field(
            "amount_hc",
            Kind.MONEY,
            "The amount in home currency, where the ERP gives it.",
            "coalesce(p.amount_hc, CASE WHEN p.curr_id = h.home_currency THEN p.amount END)",
            nullable=True,
            currency="home_curr_id",
            needs=("company",),
            source="PAY-01",
        ),
        Field(
            "applied_amt",
            Kind.MONEY,
            "What is applied to documents on the as-of date, in the customer's currency.",
            "a.amount",
            currency="curr_id",
            needs=("applied",),
            source="PAY-10",
        ),
        Field(
            "unapplied_amt",
            Kind.MONEY,
            "What is not applied on the as-of date, in the customer's currency: what the ERP says"
            " is not, with what was applied only later; else the amount less what is applied.",
            "coalesce(p.unapplied_amt + a.later, p.amount - a.amount)",
            currency="curr_id",
            needs=("applied",),
            source="PAY-08",
        ),
        Field(
            "curr_id",
            Kind.TEXT,
            "The customer's currency, as the ERP writes it.",
            "p.curr_id",
            source="CMP-06",
        ),
        Field(
            "home_curr_id",
            Kind.TEXT,
            "The company's home currency, as the ERP writes it.",
            "h.home_currency",
            needs=("company",),
            source="CMP-06",
        ),
        *plain(
            "p",
            Kind.TEXT,
            {
                "tender_type": "How it was paid: check, card, ACH …",
                "tran_type": "How it was received: wire, cash …",
                "reference": "The check number or other reference.",
                "comment": "The ERP's comment.",
            },
            source="PAY-05 to PAY-09",
        ),
        *user_defined("p"),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the payment has been known to be like this.",
            "p.known_from",
        ),
    ),
)


def _application_source(asked: Asked) -> str:
    return f"{asked.rows(_APPLICATIONS)} x"


def _application_where(asked: Asked) -> str:
    return f"x.tenant = %(tenant)s AND {asked.begun('x.applied_date')}"


def _document(asked: Asked) -> str:
    return f"""JOIN {asked.rows(_INVOICES)} i
        ON i.tenant = x.tenant AND i.company_id = x.company_id AND i.tran_id = x.tran_id"""


def _fields(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_APPLICATION_FIELDS)} f ON f.tenant = x.tenant
        AND f.company_id = x.company_id AND f.tran_id = x.tran_id
        AND f.payment_id = x.payment_id"""


PAYMENT_APPLICATION_VIEW = View(
    name="payment_applications",
    description="What payments and credit memos paid of documents, by the as-of date.",
    key=("company_id", "tran_id", "payment_id"),
    source=_application_source,
    where=_application_where,
    joins={
        "document": _document,
        "fields": _fields,
        USER_FIELDS_JOIN: user_fields_join("x", RecordType.PAYMENT_APPLICATION),
    },
    fields=(
        *plain(
            "x",
            Kind.TEXT,
            {
                "company_id": "The ERP company.",
                "tran_id": "The document that was paid.",
                "payment_id": "The payment or credit memo that paid.",
            },
            source="PAY-10",
            nullable=False,
        ),
        Field(
            "amount",
            Kind.MONEY,
            "What it paid of the document, in the customer's currency.",
            "x.amount",
            currency="curr_id",
            source="PAY-10",
        ),
        Field(
            "amount_hc",
            Kind.MONEY,
            "What it paid of the document, in home currency at the document's booked rate.",
            "x.amount_hc",
            currency="home_curr_id",
            source="PAY-10",
        ),
        Field(
            "applied_date",
            Kind.DATE,
            "When it was applied.",
            "x.applied_date",
            source="PAY-10",
        ),
        *(
            Field(name, Kind.TEXT, text, f"i.{name}", needs=("document",), source="CMP-06")
            for name, text in (
                ("curr_id", "The document's currency, as the ERP writes it."),
                ("home_curr_id", "The company's home currency, as the ERP writes it."),
            )
        ),
        *(replace(field, needs=("fields",)) for field in erp_fields("f")),
        *own_fields(),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the application has been known.",
            "x.known_from",
        ),
    ),
)
