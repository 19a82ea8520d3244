"""View: lines of the ERP's documents."""

from domain.shared.record_types import RecordType
from projections.invoice_lines import INVOICE_LINES
from projections.invoices import INVOICES
from projections.user_defined import USER_FIELDS_JOIN, user_defined, user_fields_join
from projections.view import Asked, Field, Kind, View, plain

(_LINES,) = INVOICE_LINES.tables
_INVOICES, *_ = INVOICES.tables


def _source(asked: Asked) -> str:
    return f"""{asked.rows(_LINES)} p JOIN {asked.rows(_INVOICES)} i
        ON i.tenant = p.tenant AND i.company_id = p.company_id AND i.tran_id = p.tran_id"""


def _where(asked: Asked) -> str:
    return f"p.tenant = %(tenant)s AND {asked.begun('i.effective_from')}"


INVOICE_LINE_VIEW = View(
    name="invoice_lines",
    description="Lines of documents, as the ERP knows them; each is there from its document on.",
    key=("company_id", "tran_id", "line_no"),
    source=_source,
    where=_where,
    joins={USER_FIELDS_JOIN: user_fields_join("p", RecordType.INVOICE_LINE)},
    fields=(
        *plain(
            "p",
            Kind.TEXT,
            {
                "company_id": "The ERP company.",
                "tran_id": "The document.",
                "line_no": "The line's number in the ERP; its key together with the document's.",
            },
            source="UDF-01",
            nullable=False,
        ),
        *plain(
            "p",
            Kind.TEXT,
            {"item": "What was sold.", "description": "What was sold, in words."},
            source="UDF-01",
        ),
        Field(
            "quantity",
            Kind.NUMBER,
            "How much of it.",
            "p.quantity",
            nullable=True,
            source="UDF-01",
        ),
        Field(
            "amount",
            Kind.MONEY,
            "What the line comes to, in the document's currency.",
            "p.amount",
            nullable=True,
            currency="curr_id",
            source="UDF-01",
        ),
        Field(
            "curr_id",
            Kind.TEXT,
            "The document's currency, as the ERP writes it.",
            "i.curr_id",
            source="CMP-06",
        ),
        *user_defined("p"),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the line has been known to be like this.",
            "p.known_from",
        ),
    ),
)
