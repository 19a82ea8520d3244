"""Some years of receivables, invented from a seed."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import numpy as np

from examples.sample_ledger.accounts import company_row, draw_accounts, write_customers
from examples.sample_ledger.calendar_days import Calendar
from examples.sample_ledger.files import LedgerSummary, Sink
from examples.sample_ledger.habits import INVOICES_PER_CUSTOMER
from examples.sample_ledger.texts import months_before, split_total
from examples.sample_ledger.vocabulary import SITES
from examples.sample_ledger.writing import write_documents


def write_sample_ledger(
    folder: Path,
    *,
    invoices: int = 5_000,
    seed: int = 1,
    last_date: date,
    months: int = 24,
    invoices_per_customer: int = INVOICES_PER_CUSTOMER,
) -> LedgerSummary:
    """Write a ledger of `invoices` documents, as the ERP knows it at the end of `last_date`.

    Args:
        folder: where the six files go; made if missing, files of the same names are replaced.
        invoices: documents to write, credit memos among them.
        seed: the same arguments give the same bytes.
        last_date: no payment is dated later; some documents are, and are booked ahead.
        months: length of the history.
        invoices_per_customer: how many customers there are, by what each has on average; large
            ones have many times as much, small ones nothing.
    """
    if invoices < 0 or months < 1:
        raise ValueError("A ledger has no fewer than 0 invoices and 1 month.")
    folder.mkdir(parents=True, exist_ok=True)
    first_date = months_before(last_date, months)
    counts = split_total(invoices, [site.share for site in SITES])
    with ExitStack() as stack:
        sink = Sink(stack, folder)
        for number, (site, count) in enumerate(zip(SITES, counts, strict=True)):
            rng = np.random.default_rng([seed, number])
            sink.rows("companies", [company_row(site)], 1)
            calendar = Calendar(site, first_date, last_date)
            accounts = draw_accounts(rng, site, calendar, count, invoices_per_customer)
            write_customers(rng, sink, site, accounts, calendar)
            write_documents(rng, sink, site, accounts, calendar)
        return sink.summary()
