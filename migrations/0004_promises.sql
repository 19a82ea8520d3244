-- Expected payments and promises to pay, their invoices and what was received towards them.

SET search_path = read_models, public;

CREATE TABLE promises (
    tenant integer NOT NULL,
    promise_id text COLLATE "C" NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    amount numeric NOT NULL,
    curr_id text COLLATE "C" NOT NULL,
    expect_date date NOT NULL,
    made_on date NOT NULL,
    promise boolean NOT NULL,
    promised_on date,
    note text COLLATE "C",
    user_id text COLLATE "C",
    activity_id text COLLATE "C",
    actual_amt numeric NOT NULL,
    actual_date date,
    status text COLLATE "C" NOT NULL,
    settled_on date,
    broken_on date,
    contradicted boolean NOT NULL,
    withdrawn_reason text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, promise_id)
);
COMMENT ON COLUMN promises.status IS 'open, kept, broken, missed or withdrawn.';
CREATE INDEX promises_by_account ON promises (tenant, company_id, cust_id);
CREATE INDEX promises_by_activity ON promises (tenant, activity_id) WHERE activity_id IS NOT NULL;
CREATE INDEX open_promises_by_expect_date ON promises (tenant, expect_date, promise_id)
    WHERE status = 'open';

CREATE TABLE promise_invoices (
    tenant integer NOT NULL,
    promise_id text COLLATE "C" NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, promise_id, company_id, tran_id)
);
CREATE INDEX promise_invoices_by_invoice ON promise_invoices (tenant, company_id, tran_id);

CREATE TABLE promise_receipts (
    tenant integer NOT NULL,
    promise_id text COLLATE "C" NOT NULL,
    receipt_id text COLLATE "C" NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C",
    payment_id text COLLATE "C",
    amount numeric NOT NULL,
    dated date NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, promise_id, receipt_id)
);
COMMENT ON COLUMN promise_receipts.tran_id IS 'Null for a payment on the account as a whole.';
COMMENT ON COLUMN promise_receipts.payment_id IS
    'Null where the ERP lowered the balance and named no payment.';

CALL public.keep_history('promises'::regclass);
CREATE INDEX promises_history_by_activity ON promises_history (tenant, activity_id)
    WHERE activity_id IS NOT NULL;
CALL public.keep_history('promise_invoices'::regclass);
CALL public.keep_history('promise_receipts'::regclass);

CALL public.open_read_model('promises'::regclass);
CALL public.open_read_model('promises_history'::regclass);
CALL public.open_read_model('promise_invoices'::regclass);
CALL public.open_read_model('promise_invoices_history'::regclass);
CALL public.open_read_model('promise_receipts'::regclass);
CALL public.open_read_model('promise_receipts_history'::regclass);
