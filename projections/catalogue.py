"""Every read model there is."""

from typing import Any

from projections.account_notes import ACCOUNT_NOTES
from projections.accounts import ACCOUNTS
from projections.api_keys import API_KEYS
from projections.companies import COMPANIES
from projections.contacts import CONTACTS
from projections.invoice_lines import INVOICE_LINES
from projections.invoice_notes import INVOICE_NOTES
from projections.invoices import INVOICES
from projections.payment_application_fields import PAYMENT_APPLICATION_FIELDS
from projections.payments import PAYMENTS
from projections.personal_contacts import PERSONAL_CONTACTS
from projections.projection import ReadModel
from projections.sales_orders import SALES_ORDERS
from projections.sales_persons import SALES_PERSONS
from projections.site_options import SITE_OPTIONS
from projections.sync_runs import SYNC_RUNS
from projections.user_fields import USER_FIELDS

READ_MODELS: tuple[ReadModel[Any, Any], ...] = (
    COMPANIES,
    ACCOUNTS,
    ACCOUNT_NOTES,
    CONTACTS,
    PERSONAL_CONTACTS,
    INVOICES,
    INVOICE_LINES,
    INVOICE_NOTES,
    PAYMENTS,
    PAYMENT_APPLICATION_FIELDS,
    SALES_ORDERS,
    SALES_PERSONS,
    USER_FIELDS,
    SITE_OPTIONS,
    API_KEYS,
    SYNC_RUNS,
)
