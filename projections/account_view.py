"""View: accounts with what they have open in both aging sets, at any date on both axes."""

from domain.company import DEFAULT_HOME_CURRENCY
from projections.account_figures import figure_fields, totals
from projections.account_joins import EACH, JOINS, open_sum
from projections.account_work import WORK_EACH, WORK_JOINS, work_fields
from projections.accounts import ACCOUNTS
from projections.aging_fields import aging_fields
from projections.companies import COMPANIES
from projections.sales_persons import SALES_PERSONS
from projections.users import USERS
from projections.view import Asked, Field, Kind, View, plain

(_ACCOUNTS,) = ACCOUNTS.tables
(_COMPANIES,) = COMPANIES.tables
(_SALES_PERSONS,) = SALES_PERSONS.tables
(_USERS,) = USERS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_ACCOUNTS)} c"


def _where(asked: Asked) -> str:  # noqa: ARG001
    return "c.tenant = %(tenant)s"


def _company(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_COMPANIES)} h
        ON h.tenant = c.tenant AND h.company_id = c.company_id"""


_SALES_PERSON = "coalesce(c.sper_id, g.sper_id)"


def _sales_person(asked: Asked) -> str:
    """Join who sells to the account, as the ERP knows sales persons and as users are known."""
    return f"""LEFT JOIN {asked.rows(_SALES_PERSONS)} y ON y.tenant = c.tenant
            AND y.company_id = c.company_id AND y.sper_id = {_SALES_PERSON}
        LEFT JOIN {asked.rows(_USERS)} n ON n.tenant = c.tenant AND n.user_id = {_SALES_PERSON}"""


_NEEDS = ("company", "open")

_FIELDS = (
    *plain(
        "c",
        Kind.TEXT,
        {
            "company_id": "The ERP company whose customer it is.",
            "cust_id": "The customer's id in the ERP; its key together with the company.",
        },
        source="ACC-01",
        nullable=False,
    ),
    *plain(
        "c",
        Kind.TEXT,
        {
            "cust_name": "The customer's legal name; null while only documents name it.",
            "cust_class_id": "The ERP's customer class.",
            "cust_status": "The ERP's customer status, such as Active.",
            "parent_id": "The account that pays for this one, if another does.",
            "pmt_terms_id": "The usual terms of payment, such as Net30.",
            "addr_line1": "Postal address, line 1.",
            "addr_line2": "Postal address, line 2.",
            "addr_line3": "Postal address, line 3.",
            "addr_line4": "Postal address, line 4.",
            "addr_line5": "Postal address, line 5.",
            "city": "City, borough or municipality.",
            "state": "State, province or county.",
            "postal_code": "Postal code.",
            "country": "Country.",
            "reference": "A reference, often what the class stands for.",
            "sales_territory": "The sales territory.",
            **{f"udf{number}": f"User-defined field {number}." for number in range(1, 6)},
        },
        source="ACC-02 to ACC-22",
    ),
    Field(
        "sper_id",
        Kind.TEXT,
        "The primary sales person: the ERP's, else the one given here.",
        _SALES_PERSON,
        nullable=True,
        needs=("care",),
        source="ACC-20",
    ),
    Field(
        "sper_name",
        Kind.TEXT,
        "The primary sales person's name.",
        "coalesce(CASE WHEN c.sper_id IS NOT NULL OR g.sper_id IS NULL THEN c.sper_name END,"
        " y.sper_name, n.name)",
        nullable=True,
        needs=("care", "sales_person"),
        source="ACC-20",
    ),
    Field(
        "credit_limit",
        Kind.MONEY,
        "The credit limit, in home currency.",
        "c.credit_limit",
        nullable=True,
        currency="home_curr_id",
        needs=("company",),
        source="ACC-08",
    ),
    Field(
        "credit_hold",
        Kind.BOOLEAN,
        "Whether the ERP holds deliveries back.",
        "c.credit_hold",
        source="ACC-09",
    ),
    Field(
        "date_estab",
        Kind.DATE,
        "When the account was made in the ERP.",
        "c.date_estab",
        nullable=True,
        source="ACC-05",
    ),
    Field(
        "date_estab_days",
        Kind.INTEGER,
        "Days since the account was made in the ERP.",
        "(%(as_of)s::date - c.date_estab)",
        nullable=True,
        source="RULE-29",
    ),
    Field(
        "home_curr_id",
        Kind.TEXT,
        "The company's home currency, as the ERP writes it.",
        f"coalesce(h.home_currency, '{DEFAULT_HOME_CURRENCY}')",
        needs=("company",),
        source="CMP-06",
    ),
    Field(
        "implied",
        Kind.BOOLEAN,
        "Whether only documents have named the account so far.",
        "c.implied",
        source="SYN-07",
    ),
    *aging_fields(open_sum, currency="home_curr_id", needs=_NEEDS),
    Field(
        "no_over_due_inv",
        Kind.INTEGER,
        "How many documents with something to pay are past due.",
        "coalesce(a.no_over_due_inv, 0)",
        needs=_NEEDS,
        source="INV-30",
    ),
    Field(
        "days_past_due",
        Kind.INTEGER,
        "For how many days the account has been past due: those of what it still owes that was due"
        " first; 0 if nothing is past due.",
        "coalesce(t.days, 0)",
        needs=("past_due",),
        source="ACC-25",
    ),
    Field(
        "open_documents",
        Kind.INTEGER,
        "How many documents are open.",
        "coalesce(a.open_documents, 0)",
        needs=_NEEDS,
        source="INV-33",
    ),
    Field(
        "oldest_tran_date_days",
        Kind.INTEGER,
        "Age in days of the oldest document with something to pay, by its date; null if there"
        " is none.",
        "a.oldest_tran_date_days",
        nullable=True,
        needs=_NEEDS,
        source="INV-31",
    ),
    *work_fields(),
    *figure_fields(),
    Field(
        "known_from",
        Kind.MOMENT,
        "Since when the account has been known to be like this.",
        "c.known_from",
    ),
)

ACCOUNT_VIEW = View(
    name="accounts",
    description="Accounts: the customers of ERP companies.",
    key=("company_id", "cust_id"),
    source=_source,
    where=_where,
    joins={"company": _company, **JOINS, **WORK_JOINS, "sales_person": _sales_person},
    each={**EACH, **WORK_EACH},
    fields=_FIELDS,
    totals=totals(_FIELDS),
    summed_by=("home_curr_id",),
)
