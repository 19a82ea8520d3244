"""The figures of a document: its schedule, disputes, communications and expected payment."""

from projections.invoice_joins import CLOSED_ON, DUE_DATE
from projections.view import Field, Kind

_HOME, _OWN = "home_curr_id", "curr_id"
_DUE = ("schedule", "unpaid")
_PROJECTED_ON = (
    "CASE WHEN o.balance_hc > 0"
    f" THEN greatest(%(as_of)s::date, {DUE_DATE} + coalesce(e.projected_days, 0)) END"
)


def figure_fields() -> tuple[Field, ...]:
    """Return the fields of the figures."""
    return (*_scheduled(), *_disputed(), *_communicated(), *_expected(), *_cost())


def _scheduled() -> tuple[Field, ...]:
    return (
        Field(
            "pay_sched",
            Kind.BOOLEAN,
            "Whether a payment schedule takes the place of its amount and due date on the date.",
            "(s.tran_id IS NOT NULL)",
            needs=("schedule",),
            source="SCH-01",
        ),
        _of_schedule(
            "orig_due_date",
            Kind.DATE,
            "When it was due before it was scheduled; null without a schedule.",
            "s.orig_due_date",
            "SCH-05",
        ),
        _of_schedule(
            "orig_tran_amt",
            Kind.MONEY,
            "Its amount before it was scheduled, in the customer's currency.",
            "s.orig_tran_amt",
            "SCH-06",
            currency=_OWN,
        ),
        _of_schedule(
            "orig_tran_amt_hc",
            Kind.MONEY,
            "Its amount before it was scheduled, in home currency.",
            "s.orig_tran_amt_hc",
            "SCH-06",
            currency=_HOME,
        ),
        Field(
            "days_paid_late",
            Kind.INTEGER,
            "Days from the last due date of the schedule to the closing, negative if early; null"
            " without a schedule or while open.",
            f"({CLOSED_ON} - s.last_due_date)",
            nullable=True,
            needs=("schedule",),
            source="SCH-07",
        ),
    )


def _of_schedule(
    name: str, kind: Kind, description: str, sql: str, source: str, *, currency: str = ""
) -> Field:
    return Field(
        name,
        kind,
        description,
        sql,
        nullable=True,
        currency=currency,
        needs=("schedule",),
        source=source,
    )


def _disputed() -> tuple[Field, ...]:
    needs = ("disputed",)
    return (
        Field(
            "in_dispute",
            Kind.BOOLEAN,
            "Whether a dispute about it is open on the date.",
            "(q.disputes IS NOT NULL)",
            needs=needs,
            source="DSP-01, DSP-11",
        ),
        Field(
            "dispute_amount",
            Kind.MONEY,
            "What is disputed of it, in the customer's currency.",
            "coalesce(q.amount, 0)",
            currency=_OWN,
            needs=needs,
            source="DSP-02",
        ),
        Field(
            "excluded_amount_hc",
            Kind.MONEY,
            "What is disputed of it and left out of aging and rules, in home currency.",
            "coalesce(q.excluded_hc, 0)",
            currency=_HOME,
            needs=needs,
            source="AGE-18, DSP-10",
        ),
        Field(
            "counted_balance_hc",
            Kind.MONEY,
            "What counts of its balance in aging and rules: less what is disputed and excluded,"
            " never below nothing, in home currency.",
            "CASE WHEN k.tran_id IS NULL THEN o.balance_hc ELSE k.balance_hc END",
            currency=_HOME,
            needs=("open", "counted"),
            source="AGE-18",
        ),
        Field(
            "dispute_date",
            Kind.DATE,
            "The date of the earliest dispute about it that is open.",
            "q.dispute_date",
            nullable=True,
            needs=needs,
            source="DSP-03",
        ),
        Field(
            "reason_code",
            Kind.TEXT,
            "The reason code of the open dispute about it, the newest if there are several; else"
            " the one that it is tagged with.",
            "coalesce(q.reason_code, r.reason_code)",
            nullable=True,
            needs=("disputed", "reason"),
            source="DSP-05, DSP-07",
        ),
        Field(
            "severity",
            Kind.INTEGER,
            "The severest rating among the reasons of open disputes about it; 1 is the severest.",
            "q.severity",
            nullable=True,
            needs=needs,
            source="DSP-08",
        ),
    )


def _communicated() -> tuple[Field, ...]:
    return (
        Field(
            "tag_count",
            Kind.INTEGER,
            "How many communications it is tagged to: activities of any kind but account notes.",
            "coalesce(t.tags, 0)",
            needs=("communicated",),
            source="INV-24",
        ),
        _of_communication(
            "first_com_date",
            Kind.DATE,
            "The date of the first communication it is tagged to that was completed.",
            "t.first_on",
            "INV-20",
        ),
        _of_communication(
            "last_com_date",
            Kind.DATE,
            "The date of the last communication it is tagged to that was completed.",
            "t.last_on",
            "INV-21",
        ),
        _of_communication(
            "days_due_to1st_com",
            Kind.INTEGER,
            "Days from the due date to the first communication, negative if before it was due.",
            f"(t.first_on - {DUE_DATE})",
            "INV-20",
            *_DUE,
        ),
        _of_communication(
            "days_due_to_last_com",
            Kind.INTEGER,
            "Days from the due date to the last communication.",
            f"(t.last_on - {DUE_DATE})",
            "INV-21",
            *_DUE,
        ),
        _of_communication(
            "days1st_com_to_pay",
            Kind.INTEGER,
            "Days from the first communication to the closing; null while open.",
            f"({CLOSED_ON} - t.first_on)",
            "INV-22",
        ),
        _of_communication(
            "days_last_com_to_pay",
            Kind.INTEGER,
            "Days from the last communication to the closing; null while open.",
            f"({CLOSED_ON} - t.last_on)",
            "INV-23",
        ),
    )


def _of_communication(
    name: str, kind: Kind, description: str, sql: str, source: str, *needs: str
) -> Field:
    return Field(
        name,
        kind,
        f"{description} Null if it is tagged to none.",
        sql,
        nullable=True,
        needs=("communicated", *needs),
        source=source,
    )


def _expected() -> tuple[Field, ...]:
    needs = ("open", "expected", *_DUE)
    return (
        Field(
            "proj_pmt_date",
            Kind.DATE,
            "When it is expected to be paid: as many days after the due date as the account took"
            " on average for documents of this size, else for all, else none; not before the"
            " as-of date. Null unless something is to be paid.",
            _PROJECTED_ON,
            nullable=True,
            needs=needs,
            source="KPI-20, KPI-24",
        ),
        Field(
            "proj_pmt_days",
            Kind.INTEGER,
            "Days from the due date to the expected payment, negative if early.",
            f"({_PROJECTED_ON} - {DUE_DATE})",
            nullable=True,
            needs=needs,
            source="KPI-21",
        ),
        Field(
            "payment_due_days",
            Kind.INTEGER,
            "Days from the as-of date to the expected payment.",
            f"({_PROJECTED_ON} - %(as_of)s::date)",
            nullable=True,
            needs=needs,
            source="KPI-22",
        ),
    )


def _cost() -> tuple[Field, ...]:
    return (
        Field(
            "coc_balance",
            Kind.MONEY,
            "What its balance has cost so far: at the site's rate a year, for the days since the"
            " document's date, in home currency.",
            "round(o.balance_hc * %(credit_apr)s / 100 * (%(as_of)s::date - i.tran_date) / 365, 2)",
            currency=_HOME,
            needs=("open",),
            source="KPI-16, KPI-17",
        ),
        Field(
            "daily_carry",
            Kind.MONEY,
            "What its balance costs a day, in home currency.",
            "round(o.balance_hc * %(credit_apr)s / 100 / 365, 2)",
            currency=_HOME,
            needs=("open",),
            source="KPI-16",
        ),
    )
