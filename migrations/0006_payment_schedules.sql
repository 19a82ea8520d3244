-- Payment schedules of documents and their instalments (SCH-01).
--
-- A schedule holds from a day up to, and without, another; 9999-12-31 stands for open. What is
-- open of an instalment follows from the document's balance and the sum of the later instalments.

SET search_path = read_models, public;

CREATE TABLE payment_schedules (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    effective_from date NOT NULL,
    effective_to date NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    curr_id text COLLATE "C" NOT NULL,
    home_curr_id text COLLATE "C" NOT NULL,
    amount numeric NOT NULL,
    amount_hc numeric NOT NULL,
    orig_due_date date NOT NULL,
    orig_tran_amt numeric NOT NULL,
    orig_tran_amt_hc numeric NOT NULL,
    first_due_date date NOT NULL,
    last_due_date date NOT NULL,
    reason text,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, tran_id, effective_from)
);

CREATE TABLE instalments (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    effective_from date NOT NULL,
    number integer NOT NULL,
    effective_to date NOT NULL,
    due_date date NOT NULL,
    amount numeric NOT NULL,
    amount_hc numeric NOT NULL,
    rest_after numeric NOT NULL,
    rest_after_hc numeric NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, tran_id, effective_from, number)
);

CALL public.keep_history('payment_schedules'::regclass);
CALL public.open_read_model('payment_schedules'::regclass);
CALL public.open_read_model('payment_schedules_history'::regclass);
CALL public.keep_history('instalments'::regclass);
CALL public.open_read_model('instalments'::regclass);
CALL public.open_read_model('instalments_history'::regclass);
