"""Views: payment schedules that hold on a date, and what is paid and open of their instalments."""

from projections.accounts import ACCOUNTS
from projections.corrections import open_part
from projections.invoices import INVOICES
from projections.payment_schedules import PAYMENT_SCHEDULES
from projections.view import Asked, Field, Kind, View, plain

_SCHEDULES, _INSTALMENTS = PAYMENT_SCHEDULES.tables
_INVOICES, _, _BALANCES = INVOICES.tables
(_ACCOUNTS,) = ACCOUNTS.tables


def _holding(alias: str) -> str:
    """Return the condition that a row holds on the date."""
    return (
        f"{alias}.tenant = %(tenant)s AND {alias}.effective_from <= %(as_of)s"
        f" AND {alias}.effective_to > %(as_of)s"
    )


def _balance(asked: Asked, alias: str) -> str:
    """Join what is open of the document on the date."""
    return f"""CROSS JOIN LATERAL (
        SELECT coalesce(sum(s.balance), 0) AS balance, coalesce(sum(s.balance_hc), 0) AS balance_hc
        FROM {asked.rows(_BALANCES)} s
        WHERE s.tenant = {alias}.tenant AND s.company_id = {alias}.company_id
          AND s.tran_id = {alias}.tran_id
          AND s.effective_from <= %(as_of)s AND s.effective_to > %(as_of)s) b"""


def _open(balance: str, amount: str, rest_after: str) -> str:
    """Return the SQL of what is open of an instalment."""
    return open_part(f"b.{balance}", "n.number", f"n.{amount}", f"n.{rest_after}")


def _schedule_source(asked: Asked) -> str:
    return f"{asked.rows(_SCHEDULES)} p"


def _schedule_where(asked: Asked) -> str:  # noqa: ARG001
    return _holding("p")


def _schedule_balance(asked: Asked) -> str:
    return _balance(asked, "p")


def _account(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_ACCOUNTS)} c ON c.tenant = p.tenant
        AND c.company_id = p.company_id AND c.cust_id = p.cust_id"""


def _document(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_INVOICES)} i ON i.tenant = p.tenant
        AND i.company_id = p.company_id AND i.tran_id = p.tran_id"""


PAYMENT_SCHEDULE_VIEW = View(
    name="payment_schedules",
    description="Payment schedules that hold on the as-of date.",
    key=("company_id", "tran_id"),
    source=_schedule_source,
    where=_schedule_where,
    joins={"balance": _schedule_balance, "account": _account, "document": _document},
    fields=(
        *plain(
            "p",
            Kind.TEXT,
            {
                "company_id": "The ERP company of the document.",
                "tran_id": "The document that is paid in instalments.",
                "cust_id": "The account that the document was on when it was scheduled.",
            },
            source="SCH-01",
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
            "effective_from",
            Kind.DATE,
            "Since when the schedule holds: the day on which it was made.",
            "p.effective_from",
            source="SCH-04",
        ),
        Field(
            "amount",
            Kind.MONEY,
            "What was scheduled, in the document's currency: its balance at that time.",
            "p.amount",
            currency="curr_id",
            source="SCH-08",
        ),
        Field(
            "amount_hc",
            Kind.MONEY,
            "What was scheduled, in home currency.",
            "p.amount_hc",
            currency="home_curr_id",
            source="SCH-08",
        ),
        Field(
            "balance",
            Kind.MONEY,
            "What is open of the document on the as-of date, in its currency.",
            "b.balance",
            currency="curr_id",
            needs=("balance",),
            source="SCH-08",
        ),
        Field(
            "balance_hc",
            Kind.MONEY,
            "What is open of the document on the as-of date, in home currency.",
            "b.balance_hc",
            currency="home_curr_id",
            needs=("balance",),
            source="SCH-08",
        ),
        Field(
            "orig_due_date",
            Kind.DATE,
            "When the document was due as the ERP says.",
            "p.orig_due_date",
            source="SCH-05",
        ),
        Field(
            "orig_tran_amt",
            Kind.MONEY,
            "The document's whole amount as the ERP says, in its currency.",
            "p.orig_tran_amt",
            currency="curr_id",
            source="SCH-06",
        ),
        Field(
            "orig_tran_amt_hc",
            Kind.MONEY,
            "The document's whole amount as the ERP says, in home currency.",
            "p.orig_tran_amt_hc",
            currency="home_curr_id",
            source="SCH-06",
        ),
        Field(
            "first_due_date",
            Kind.DATE,
            "When the first instalment is due.",
            "p.first_due_date",
            source="SCH-01",
        ),
        Field(
            "last_due_date",
            Kind.DATE,
            "When the last instalment is due.",
            "p.last_due_date",
            source="SCH-01",
        ),
        Field(
            "days_paid_late",
            Kind.INTEGER,
            "Days from the last due date to the day on which the document was paid, negative if"
            " paid early; null while it is open.",
            "(CASE WHEN i.closing_tran_date <= %(as_of)s THEN i.closing_tran_date END"
            " - p.last_due_date)",
            nullable=True,
            needs=("document",),
            source="SCH-07",
        ),
        Field(
            "reason",
            Kind.TEXT,
            "Why it was made: special terms, a plan that the customer asked for …",
            "p.reason",
            nullable=True,
            source="SCH-02",
        ),
        Field(
            "curr_id",
            Kind.TEXT,
            "The document's currency, as the ERP writes it.",
            "p.curr_id",
            source="CMP-06",
        ),
        Field(
            "home_curr_id",
            Kind.TEXT,
            "The company's home currency, as the ERP writes it.",
            "p.home_curr_id",
            source="CMP-06",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the schedule has been known to be like this.",
            "p.known_from",
        ),
    ),
)


def _instalment_source(asked: Asked) -> str:
    return f"{asked.rows(_INSTALMENTS)} n"


def _instalment_where(asked: Asked) -> str:  # noqa: ARG001
    return _holding("n")


def _schedule(asked: Asked) -> str:
    return f"""JOIN {asked.rows(_SCHEDULES)} p ON p.tenant = n.tenant
        AND p.company_id = n.company_id AND p.tran_id = n.tran_id
        AND p.effective_from = n.effective_from"""


def _instalment_balance(asked: Asked) -> str:
    return _balance(asked, "n")


_OPEN = _open("balance", "amount", "rest_after")
_OPEN_HC = _open("balance_hc", "amount_hc", "rest_after_hc")

INSTALMENT_VIEW = View(
    name="instalments",
    description="Instalments of the payment schedules that hold on the as-of date.",
    key=("company_id", "tran_id", "number"),
    source=_instalment_source,
    where=_instalment_where,
    joins={"schedule": _schedule, "balance": _instalment_balance},
    fields=(
        *plain(
            "n",
            Kind.TEXT,
            {
                "company_id": "The ERP company of the document.",
                "tran_id": "The document that is paid in instalments.",
            },
            source="SCH-01",
            nullable=False,
        ),
        Field("number", Kind.INTEGER, "Its number: 1 is due first.", "n.number", source="SCH-01"),
        Field("due_date", Kind.DATE, "When it is due.", "n.due_date", source="SCH-01"),
        Field(
            "due_date_days",
            Kind.INTEGER,
            "Days past its due date on the as-of date, negative before it.",
            "(%(as_of)s::date - n.due_date)",
            source="SCH-04",
        ),
        Field(
            "amount",
            Kind.MONEY,
            "Its amount in the document's currency.",
            "n.amount",
            currency="curr_id",
            needs=("schedule",),
            source="SCH-01",
        ),
        Field(
            "amount_hc",
            Kind.MONEY,
            "Its amount in home currency; the instalments sum to the balance that was scheduled.",
            "n.amount_hc",
            currency="home_curr_id",
            needs=("schedule",),
            source="SCH-08",
        ),
        Field(
            "paid",
            Kind.MONEY,
            "What is paid of it on the as-of date, in the document's currency: the earliest"
            " instalment that is not paid takes every payment.",
            f"greatest(n.amount - ({_OPEN}), 0)",
            currency="curr_id",
            needs=("schedule", "balance"),
            source="SCH-08",
        ),
        Field(
            "open",
            Kind.MONEY,
            "What is open of it on the as-of date, in the document's currency. The first one also"
            " takes what the document owes beyond what was scheduled, and what it is in credit.",
            f"({_OPEN})",
            currency="curr_id",
            needs=("schedule", "balance"),
            source="SCH-08",
        ),
        Field(
            "open_hc",
            Kind.MONEY,
            "What is open of it on the as-of date, in home currency.",
            f"({_OPEN_HC})",
            currency="home_curr_id",
            needs=("schedule", "balance"),
            source="SCH-08",
        ),
        Field(
            "curr_id",
            Kind.TEXT,
            "The document's currency, as the ERP writes it.",
            "p.curr_id",
            needs=("schedule",),
            source="CMP-06",
        ),
        Field(
            "home_curr_id",
            Kind.TEXT,
            "The company's home currency, as the ERP writes it.",
            "p.home_curr_id",
            needs=("schedule",),
            source="CMP-06",
        ),
    ),
)
