"""View: pending payments, and what they are to pay."""

from domain.conditions import ALWAYS, Compared, Condition, Operator, fields_of
from domain.pending_payment import Status
from projections.accounts import ACCOUNTS
from projections.pending_payment_exports import PENDING_PAYMENT_EXPORTS
from projections.pending_payments import PENDING_PAYMENTS
from projections.view import Asked, Field, Kind, View, personal, plain

_PENDING, _INVOICES = PENDING_PAYMENTS.tables
(_EXPORTS,) = PENDING_PAYMENT_EXPORTS.tables
(_ACCOUNTS,) = ACCOUNTS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_PENDING)} p"


def _where(asked: Asked) -> str:
    return f"p.tenant = %(tenant)s AND {asked.begun('p.create_date')}"


def _account(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_ACCOUNTS)} c ON c.tenant = p.tenant
        AND c.company_id = p.company_id AND c.cust_id = p.cust_id"""


def _export(asked: Asked) -> str:
    """Join the file that it is in; rows of it are only ever added, so there is no history."""
    known = "AND e.known_from <= %(known_at)s" if asked.known_at is not None else ""
    return f"""LEFT JOIN {_EXPORTS.name} e ON e.tenant = p.tenant
        AND e.pending_payment_id = p.pending_payment_id AND e.company_id = p.company_id
        AND {asked.begun("e.export_date")} {known}"""


_RECONCILED = "p.reconcile_date <= %(as_of)s"
_STATUS = f"""CASE WHEN p.status = '{Status.RECONCILED}' AND NOT {_RECONCILED}
    THEN '{Status.NO_RESPONSE}' ELSE p.status END"""

PENDING_PAYMENT_VIEW = View(
    name="pending_payments",
    description="Payments that customers made online, by card or from their bank account.",
    key=("pending_payment_id",),
    source=_source,
    where=_where,
    joins={"account": _account, "export": _export},
    fields=(
        Field(
            "pending_payment_id",
            Kind.TEXT,
            "The pending payment's id.",
            "p.pending_payment_id",
            source="PND-02",
        ),
        Field(
            "pend_pmt_id",
            Kind.INTEGER,
            "Its number: unique, and rising in the order in which they were recorded.",
            "p.pend_pmt_id",
            source="PND-02",
        ),
        *plain(
            "p",
            Kind.TEXT,
            {
                "company_id": "The ERP company that is paid.",
                "cust_id": "The account that pays, also where a guest entered the payment.",
            },
            source="PND-10",
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
        Field(
            "amount",
            Kind.MONEY,
            "The amount.",
            "p.amount",
            currency="curr_id",
            source="PND-01",
        ),
        Field("curr_id", Kind.TEXT, "Its currency.", "p.curr_id", source="CMP-06"),
        Field("create_date", Kind.DATE, "When it was made.", "p.create_date", source="PND-07"),
        Field(
            "create_date_days",
            Kind.INTEGER,
            "Days since it was made on the as-of date.",
            "(%(as_of)s::date - p.create_date)",
            source="PND-07",
        ),
        Field(
            "status",
            Kind.TEXT,
            "no_response: it succeeded and waits for the ERP's payment; declined: it failed;"
            " reconciled: the ERP's payment is found.",
            _STATUS,
            source="PND-04",
        ),
        Field(
            "is_pend_pmt",
            Kind.BOOLEAN,
            "Whether it succeeded and is not yet reconciled on the as-of date.",
            f"({_STATUS}) = '{Status.NO_RESPONSE}'",
            source="PND-01",
        ),
        *plain(
            "p",
            Kind.TEXT,
            {"entry_user_id": "Who entered it: the id; null if a guest did."},
            source="PND-09",
        ),
        *personal(
            *plain(
                "p",
                Kind.TEXT,
                {"entry_user_name": "Who entered it: the name; null if a guest did."},
                source="PND-09",
            )
        ),
        *plain(
            "p",
            Kind.TEXT,
            {
                "proc_acct_id": "The merchant account's id at the processor, verbatim.",
                "proc_acct_name": "The merchant account's name, verbatim.",
                "proc_acct_type": "The merchant account's type, verbatim.",
                "proc_status": "The processor's own status code, verbatim.",
                "proc_status_msg": "The processor's message, verbatim.",
                "proc_ref_no": "The processor's reference number of the transaction, verbatim.",
            },
            source="PND-12",
        ),
        Field(
            "export_date",
            Kind.DATE,
            "When it was exported for the ERP; null while it is in no file.",
            "e.export_date",
            nullable=True,
            needs=("export",),
            source="PND-08",
        ),
        Field(
            "export_batch",
            Kind.TEXT,
            "The file that it was exported in.",
            "e.export_batch",
            nullable=True,
            needs=("export",),
            source="PND-08",
        ),
        Field(
            "reconcile_date",
            Kind.DATE,
            "When the ERP's payment was found; null while it waits.",
            f"CASE WHEN {_RECONCILED} THEN p.reconcile_date END",
            nullable=True,
            source="PND-06",
        ),
        Field(
            "reconciled_by",
            Kind.TEXT,
            "How the ERP's payment was found: reference, amount_and_date or by_hand.",
            f"CASE WHEN {_RECONCILED} THEN p.reconciled_by END",
            nullable=True,
            source="PND-03",
        ),
        Field(
            "payment_id",
            Kind.TEXT,
            "The ERP's payment that it is.",
            f"CASE WHEN {_RECONCILED} THEN p.payment_id END",
            nullable=True,
            source="PND-03",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the pending payment has been known to be like this.",
            "p.known_from",
        ),
    ),
)

_OF_RECONCILIATION = frozenset({"status", "reconcile_date", "reconciled_by", "payment_id"})


def not_reconciled(asked_for: Condition) -> Condition:
    """Return what keeps reconciled ones out of a list, unless its filter speaks of them (PND-05).

    A filter does by comparing the status, or what is known of reconciled ones alone.
    """
    if _OF_RECONCILIATION.isdisjoint(fields_of(asked_for)):
        return Compared("status", Operator.NE, Status.RECONCILED.value)
    return ALWAYS


def _invoice_source(asked: Asked) -> str:
    return f"{asked.rows(_INVOICES)} x"


def _invoice_where(asked: Asked) -> str:  # noqa: ARG001
    return "x.tenant = %(tenant)s"


def _pending(asked: Asked) -> str:
    return f"""JOIN {asked.rows(_PENDING)} p ON p.tenant = x.tenant
        AND p.pending_payment_id = x.pending_payment_id"""


PENDING_PAYMENT_INVOICE_VIEW = View(
    name="pending_payment_invoices",
    description="What pending payments are to pay of which invoices.",
    key=("pending_payment_id", "tran_id"),
    source=_invoice_source,
    where=_invoice_where,
    joins={"pending": _pending},
    fields=(
        *plain(
            "x",
            Kind.TEXT,
            {
                "pending_payment_id": "The pending payment.",
                "company_id": "The ERP company of both.",
                "tran_id": "The invoice.",
            },
            source="PND-01",
            nullable=False,
        ),
        Field(
            "amount",
            Kind.MONEY,
            "What is to be paid of the invoice.",
            "x.amount",
            currency="curr_id",
            source="PND-01",
        ),
        Field(
            "curr_id",
            Kind.TEXT,
            "The currency of both.",
            "p.curr_id",
            needs=("pending",),
            source="CMP-06",
        ),
    ),
)
