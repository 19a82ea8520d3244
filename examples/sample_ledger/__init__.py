"""A realistic sample ledger of any size, written as a CSV folder from a seed.

`write_sample_ledger` invents some years of receivables; `write_next_export` invents what the ERP
delivers on a later day. No row is copied from anywhere: the figures below were measured once on
two sources, and only these figures are used.

IBM "Late Payment Histories" (2,466 invoices of 100 customers, all on 30-day terms, all settled):

- days from due date to settlement: mean -3.6, standard deviation 12.3; 35.6 % settled late, then
  9.7 days on average. Most of the spread lies between customers, so the customers were cut into
  habits: the tenth that scatters most is *erratic*, the others are *early* (mean below -10 days),
  *on time* (to -2), *slightly late* (to +5) and *very late*. `HABITS` holds each one's share of
  the customers, mean, spread of its customers' means, spread inside a customer, share disputed;
- a disputed invoice (22.7 %) settles 14.3 days later than the same customer's others;
- amounts are 5 to 128, near normal. Their spread inside a customer (25 % of the mean) and their
  floor (9 % of the mean) are kept; the level is not: a customer's typical amount is drawn from a
  lognormal distribution of B2B size, which is our choice.

Italian road traffic fines (10,000 cases). Its column `paymentamount` is ten times too high, so
payments were measured as differences of `totalpaymentamount`:

- 53.7 % of the cases were never paid, and payments after day 60 waited about lognormally, median
  280 days. Fines are no B2B invoices, so this is only how the habit *seldom pays* treats its
  invoices; that 5 % of our customers have that habit is our choice, made so that about a tenth
  of two years' invoices is open;
- of the paid cases 5.9 % needed two payments and 0.11 % three (a fourth is extrapolated); the
  first was 58 % of the total, the next followed about lognormally, median 52 days;
- 5.9 % of the paid cases stayed short, at 60 % of the debt on average. Here this befalls disputed
  invoices.

Everything else (currencies, terms, credit memos, family ties, texts) is plausible and invented.
A credit memo is used up by a payment: it is applied to it with a negative amount, beside invoices.
"""

from examples.sample_ledger.files import LedgerSummary
from examples.sample_ledger.ledger import write_sample_ledger
from examples.sample_ledger.next_export import write_next_export

__all__ = ["LedgerSummary", "write_next_export", "write_sample_ledger"]
