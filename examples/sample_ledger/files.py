"""The files of the folder while they are written."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, TextIO

import msgspec

COLUMNS: Final = {
    "companies": "company_id,name,home_currency,time_zone",
    "customers": (
        "company_id,cust_id,cust_name,cust_class_id,cust_status,credit_limit,credit_hold,parent_id,"
        "pmt_terms_id,sper_id,sper_name,date_estab,addr_line1,addr_line2,city,state,postal_code,"
        "country,reference,credit_score,sales_territory,udf1,udf2"
    ),
    "contacts": (
        "company_id,cust_id,cntct_id,cntct_name,cntct_title,cntct_email_addr,"
        "cntct_primary_addr_phone,primary,include_in_automated_email"
    ),
    "invoices": (
        "company_id,tran_id,cust_id,type,tran_date,due_date,post_date,amount,balance,curr_id,"
        "amount_hc,balance_hc,status,closing_tran_date,cust_po_no,sold_to_id,disc_amt,invoice_cmnt,"
        "pmt_terms_id,udf1,udf2"
    ),
    "payments": (
        "company_id,payment_id,cust_id,pmt_date,amount,curr_id,tender_type,tran_type,reference,"
        "unapplied_amt,comment"
    ),
    "payment_applications": "company_id,payment_id,tran_id,amount,applied_date",
}


class LedgerSummary(msgspec.Struct, frozen=True):
    """Rows written, per file."""

    companies: int
    customers: int
    contacts: int
    invoices: int
    payments: int
    payment_applications: int


class Sink:
    """The six files while they are written."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._files: dict[str, TextIO] = {}
        self._counts = dict.fromkeys(COLUMNS, 0)
        for name, header in COLUMNS.items():
            path = folder / f"{name}.csv"
            file = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
            file.write(header + "\n")
            self._files[name] = file

    def rows(self, name: str, lines: Iterable[str], count: int) -> None:
        """Write finished lines."""
        self._files[name].writelines(lines)
        self._counts[name] += count

    def columns(self, name: str, *columns: Iterable[str]) -> None:
        """Write columns of texts that need no quotes any more."""
        lines = list(map(",".join, zip(*columns, strict=True)))
        if lines:
            self.rows(name, ("\n".join(lines), "\n"), len(lines))

    def summary(self) -> LedgerSummary:
        """Return how many rows were written."""
        return LedgerSummary(**self._counts)
