"""Every read model there is."""

from typing import Any

from projections.account_care import ACCOUNT_CARE
from projections.account_notes import ACCOUNT_NOTES
from projections.accounts import ACCOUNTS
from projections.api_keys import API_KEYS
from projections.companies import COMPANIES
from projections.contacts import CONTACTS
from projections.invoices import INVOICES
from projections.payments import PAYMENTS
from projections.projection import ReadModel
from projections.site_options import SITE_OPTIONS
from projections.sync_runs import SYNC_RUNS
from projections.users import USERS

READ_MODELS: tuple[ReadModel[Any, Any], ...] = (
    COMPANIES,
    ACCOUNTS,
    ACCOUNT_CARE,
    ACCOUNT_NOTES,
    CONTACTS,
    INVOICES,
    PAYMENTS,
    SITE_OPTIONS,
    API_KEYS,
    USERS,
    SYNC_RUNS,
)
