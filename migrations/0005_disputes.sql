-- Disputes of documents, the site's reason codes, and reason codes on documents.

SET search_path = read_models, public;

CREATE TABLE reason_codes (
    tenant integer NOT NULL,
    code text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    severity integer,
    active boolean NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, code)
);

CREATE TABLE disputes (
    tenant integer NOT NULL,
    dispute_id text COLLATE "C" NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    amount numeric NOT NULL,
    amount_hc numeric NOT NULL,
    curr_id text COLLATE "C" NOT NULL,
    home_curr_id text COLLATE "C" NOT NULL,
    dispute_date date NOT NULL,
    reason_code text COLLATE "C",
    code_date date,
    exclude_aging boolean NOT NULL,
    note text,
    activity_id text COLLATE "C",
    user_id text COLLATE "C" NOT NULL,
    opened_on date NOT NULL,
    closed_on date,
    outcome text COLLATE "C",
    closing_note text,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, dispute_id)
);
CREATE INDEX disputes_by_invoice ON disputes (tenant, company_id, tran_id);
CREATE INDEX disputes_by_account ON disputes (tenant, company_id, cust_id);
-- Aging looks for those that take amounts out, few among all that there ever were.
CREATE INDEX disputes_excluded ON disputes (tenant, company_id, tran_id) WHERE exclude_aging;
CREATE INDEX disputes_by_activity ON disputes (tenant, activity_id) WHERE activity_id IS NOT NULL;

-- A tag that was taken off keeps its row: it is there from `code_date` until `cleared_on`.
CREATE TABLE invoice_reasons (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    reason_code text COLLATE "C" NOT NULL,
    code_date date NOT NULL,
    cleared_on date,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, tran_id)
);

CALL public.keep_history('reason_codes'::regclass);
CALL public.keep_history('disputes'::regclass);
CREATE INDEX disputes_history_by_activity ON disputes_history (tenant, activity_id)
    WHERE activity_id IS NOT NULL;
CALL public.keep_history('invoice_reasons'::regclass);

CALL public.open_read_model('reason_codes'::regclass);
CALL public.open_read_model('reason_codes_history'::regclass);
CALL public.open_read_model('disputes'::regclass);
CALL public.open_read_model('disputes_history'::regclass);
CALL public.open_read_model('invoice_reasons'::regclass);
CALL public.open_read_model('invoice_reasons_history'::regclass);
