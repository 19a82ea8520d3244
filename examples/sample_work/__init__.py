"""What collectors do on a sample ledger, carried out once, as commands.

`set_up_site` registers users and the site's own words; `carry_out_work` does some weeks of their
work: on whom they called, what was promised, disputed and paid, up to a business date. It asks the
read models which documents and payments are there, so that it works on any ledger. The same
ledger and the same business date lead to the same events, and every command has an idempotency
key: what was done already, even by a run that was cut off, is not done again.
"""

from examples.sample_work.carrying_out import Desk, carry_out_work, set_up_site
from examples.sample_work.people import MANAGER

__all__ = ["MANAGER", "Desk", "carry_out_work", "set_up_site"]
