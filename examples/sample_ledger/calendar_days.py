"""The days of the history: when invoices are written, and when money moves."""

from datetime import date

import numpy as np

from examples.sample_ledger.habits import (
    CALENDAR_LEAD_DAYS,
    CALENDAR_TAIL_DAYS,
    CURRENCIES,
    SUNDAY,
    WEEK,
)
from examples.sample_ledger.texts import Ints, booked_rate, text_array
from examples.sample_ledger.vocabulary import DOCUMENT_PREFIXES, Site


class Calendar:
    """Days of the history counted from its start, with their texts and exchange rates."""

    def __init__(self, site: Site, first: date, last: date) -> None:
        self.start = first.toordinal() - CALENDAR_LEAD_DAYS
        self.first = CALENDAR_LEAD_DAYS
        self.last = last.toordinal() - self.start
        days = [date.fromordinal(self.start + i) for i in range(self.last + CALENDAR_TAIL_DAYS)]
        self.iso = text_array([day.isoformat() for day in days])
        self.closed = text_array([f"closed,{day.isoformat()}" for day in days])
        stamps = [day.strftime("%y%m%d-") for day in days]
        self.document_ids = tuple(
            text_array([prefix + stamp for stamp in stamps]) for prefix in DOCUMENT_PREFIXES
        )
        self.payment_ids = text_array(["PM" + stamp for stamp in stamps])
        self.rates = np.array(
            [[booked_rate(code, site.home_currency, day) for day in days] for code in CURRENCIES],
            dtype=np.int64,
        )
        self.document_numbers = np.zeros(len(days), dtype=np.int64)
        self.payment_numbers = np.zeros(len(days), dtype=np.int64)

    def weekday(self, days: Ints) -> Ints:
        """Monday is zero."""
        return (days + self.start + SUNDAY) % WEEK
