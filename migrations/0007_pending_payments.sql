-- Pending payments: made online, matched to the ERP's payments, exported for it (PND-01 to PND-13).

SET search_path = read_models, public;

CREATE TABLE pending_payments (
    tenant integer NOT NULL,
    pending_payment_id text COLLATE "C" NOT NULL,
    pend_pmt_id bigint NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    amount numeric NOT NULL,
    curr_id text COLLATE "C" NOT NULL,
    create_date date NOT NULL,
    status text COLLATE "C" NOT NULL,
    entry_user_id text COLLATE "C",
    entry_user_name text COLLATE "C",
    proc_acct_id text COLLATE "C",
    proc_acct_name text COLLATE "C",
    proc_acct_type text COLLATE "C",
    proc_status text COLLATE "C",
    proc_status_msg text COLLATE "C",
    proc_ref_no text COLLATE "C",
    reconcile_date date,
    reconciled_by text COLLATE "C",
    payment_id text COLLATE "C",
    undone_payments text,
    entry_for text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, pending_payment_id)
);
COMMENT ON COLUMN pending_payments.undone_payments IS
    'Payments that it turned out not to be: a JSON list of ids.';
COMMENT ON COLUMN pending_payments.entry_for IS
    'The user for whom it was entered, with whom the name goes.';
-- What a sync looks at: those that wait, and the ERP's payments that are taken.
CREATE INDEX pending_payments_waiting ON pending_payments (tenant, company_id, pend_pmt_id)
    WHERE status = 'no_response';
CREATE INDEX pending_payments_by_payment ON pending_payments (tenant, company_id, payment_id)
    WHERE payment_id IS NOT NULL;
CREATE INDEX pending_payments_by_account ON pending_payments (tenant, company_id, cust_id);

CREATE TABLE pending_payment_invoices (
    tenant integer NOT NULL,
    pending_payment_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    amount numeric NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, pending_payment_id, tran_id)
);
CREATE INDEX pending_payment_invoices_by_invoice
    ON pending_payment_invoices (tenant, company_id, tran_id);

CREATE TABLE pending_payment_exports (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    export_batch text COLLATE "C" NOT NULL,
    pending_payment_id text COLLATE "C" NOT NULL,
    export_date date NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, export_batch, pending_payment_id)
);
CREATE INDEX pending_payment_exports_by_payment
    ON pending_payment_exports (tenant, pending_payment_id);

CALL public.keep_history('pending_payments'::regclass);
CALL public.open_read_model('pending_payments'::regclass);
CALL public.open_read_model('pending_payments_history'::regclass);
CALL public.keep_history('pending_payment_invoices'::regclass);
CALL public.open_read_model('pending_payment_invoices'::regclass);
CALL public.open_read_model('pending_payment_invoices_history'::regclass);
CALL public.open_read_model('pending_payment_exports'::regclass);
