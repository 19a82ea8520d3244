-- Read models: tables that can be dropped and rebuilt from the log (DESIGN section 4).
--
-- Each row says since when it has been known (`known_from`). A row that later events replaced
-- moves to the table's history with the moment until which it was known (`known_to`), so that
-- any read model can be asked what was known at a moment.

SET search_path = read_models, public;

-- How far each read model has read each tenant's log, and whether it is stopped at an event.
CREATE TABLE cursors (
    tenant integer NOT NULL,
    read_model text COLLATE "C" NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    stopped_at bigint,
    error text,
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, read_model)
) WITH (fillfactor = 50);

COMMENT ON COLUMN cursors.stopped_at IS 'Position of the event that could not be folded, or null.';

CREATE TABLE companies (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    home_currency text COLLATE "C" NOT NULL,
    name text,
    time_zone text NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id)
);

CREATE TABLE accounts (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    cust_name text COLLATE "C",
    cust_class_id text COLLATE "C",
    cust_status text COLLATE "C",
    credit_limit numeric,
    credit_hold boolean NOT NULL,
    parent_id text COLLATE "C",
    pmt_terms_id text COLLATE "C",
    sper_id text COLLATE "C",
    sper_name text COLLATE "C",
    date_estab date,
    addr_line1 text COLLATE "C",
    addr_line2 text COLLATE "C",
    addr_line3 text COLLATE "C",
    addr_line4 text COLLATE "C",
    addr_line5 text COLLATE "C",
    city text COLLATE "C",
    state text COLLATE "C",
    postal_code text COLLATE "C",
    country text COLLATE "C",
    reference text COLLATE "C",
    credit_score text COLLATE "C",
    sales_territory text COLLATE "C",
    udf1 text COLLATE "C",
    udf2 text COLLATE "C",
    udf3 text COLLATE "C",
    udf4 text COLLATE "C",
    udf5 text COLLATE "C",
    implied boolean NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, cust_id)
);
CREATE INDEX accounts_by_parent ON accounts (tenant, company_id, parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE account_notes (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    note_id text COLLATE "C" NOT NULL,
    text text NOT NULL,
    noted_on date NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, cust_id, note_id)
);

CREATE TABLE contacts (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    cntct_id text COLLATE "C" NOT NULL,
    cntct_name text,
    cntct_title text,
    cntct_email_addr text,
    cntct_primary_addr_phone text,
    cntct_primary_addr_fax text,
    cntct_addr_line1 text,
    cntct_addr_line2 text,
    cntct_city text,
    cntct_state text,
    cntct_postal_code text,
    cntct_country text,
    cntct_comment text,
    is_primary boolean NOT NULL,
    include_in_automated_email boolean NOT NULL,
    udf1 text,
    udf2 text,
    udf3 text,
    udf4 text,
    udf5 text,
    origin text COLLATE "C" NOT NULL,
    added_on date,
    removed_on date,
    erased_on date,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, cust_id, cntct_id)
);

CREATE TABLE invoices (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    tran_date date NOT NULL,
    amount numeric NOT NULL,
    curr_id text COLLATE "C" NOT NULL,
    amount_hc numeric NOT NULL,
    home_curr_id text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    due_date date,
    post_date date,
    cust_po_no text COLLATE "C",
    sold_to_id text COLLATE "C",
    disc_amt numeric,
    invoice_cmnt text COLLATE "C",
    comment text COLLATE "C",
    pmt_terms_id text COLLATE "C",
    statistical_pmt_date date,
    project_code text COLLATE "C",
    job_code text COLLATE "C",
    sper_id text COLLATE "C",
    udf1 text COLLATE "C",
    udf2 text COLLATE "C",
    udf3 text COLLATE "C",
    udf4 text COLLATE "C",
    udf5 text COLLATE "C",
    effective_from date NOT NULL,
    first_seen_on date NOT NULL,
    status text COLLATE "C",
    balance numeric NOT NULL,
    balance_hc numeric NOT NULL,
    balance_since date NOT NULL,
    closing_tran_date date,
    pmt_count integer NOT NULL,
    last_pmt_date date,
    unexplained text,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, tran_id)
);
COMMENT ON COLUMN invoices.unexplained IS
    'Changes of the balance that no payment explains: JSON of [date, amount, amount_hc].';
COMMENT ON COLUMN invoices.balance_since IS
    'Date of the last change of the balance, or of the start.';
CREATE INDEX invoices_by_account ON invoices (tenant, company_id, cust_id, tran_date);
CREATE INDEX open_invoices_by_due_date ON invoices (tenant, due_date, company_id, tran_id)
    WHERE balance <> 0;

CREATE TABLE payment_applications (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    payment_id text COLLATE "C" NOT NULL,
    amount numeric NOT NULL,
    amount_hc numeric NOT NULL,
    applied_date date NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, tran_id, payment_id)
);
CREATE INDEX payment_applications_by_payment
    ON payment_applications (tenant, company_id, payment_id);

-- The balance of a document as a step function: what was open from a date up to another.
-- Ranges without a balance have no row. `effective_to` is exclusive, 9999-12-31 stands for open.
--
-- A range lies in a class of ranges about as long as itself (domain/durations.py), so the ranges
-- open on a date are found by one range scan a class over those that began not longer ago than
-- the class is long: in proportion to what was open, whatever the length of history.
CREATE TABLE balances (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    effective_from date NOT NULL,
    effective_to date NOT NULL,
    duration_class smallint NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    tran_date date NOT NULL,
    due_date date NOT NULL,
    curr_id text COLLATE "C" NOT NULL,
    balance numeric NOT NULL,
    balance_hc numeric NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, tran_id, effective_from)
);
CREATE INDEX balances_open_on ON balances (tenant, duration_class, effective_from)
    INCLUDE (effective_to, due_date, tran_date, balance_hc, company_id, cust_id, known_from);

CREATE TABLE payments (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    payment_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    pmt_date date NOT NULL,
    amount numeric NOT NULL,
    curr_id text COLLATE "C" NOT NULL,
    amount_hc numeric,
    post_date date,
    tender_type text COLLATE "C",
    tran_type text COLLATE "C",
    reference text COLLATE "C",
    unapplied_amt numeric,
    unapplied_amt_hc numeric,
    comment text COLLATE "C",
    udf1 text COLLATE "C",
    udf2 text COLLATE "C",
    udf3 text COLLATE "C",
    udf4 text COLLATE "C",
    udf5 text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, payment_id)
);
CREATE INDEX payments_by_account ON payments (tenant, company_id, cust_id, pmt_date);

CREATE TABLE site_options (
    tenant integer NOT NULL,
    site text COLLATE "C" NOT NULL,
    options text NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, site)
);

CREATE TABLE api_keys (
    tenant integer NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    role text COLLATE "C" NOT NULL,
    secret_sha256 text COLLATE "C" NOT NULL,
    revoked boolean NOT NULL,
    user_id text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, key_id)
);
CREATE INDEX api_keys_by_secret ON api_keys (secret_sha256);

CREATE TABLE sync_runs (
    tenant integer NOT NULL,
    run_id text COLLATE "C" NOT NULL,
    business_date date NOT NULL,
    read integer NOT NULL,
    new integer NOT NULL,
    changed integer NOT NULL,
    unchanged integer NOT NULL,
    rejected integer NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, run_id)
);

-- Gives a table a history: its columns and when a row stopped being known.
CREATE PROCEDURE public.keep_history(live regclass) LANGUAGE plpgsql AS $$
DECLARE
    name text := (SELECT relname FROM pg_class WHERE oid = live);
    columns text;
BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE %s, known_to timestamptz NOT NULL)', name || '_history', live);
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.n) INTO columns
    FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (attnum, n)
    JOIN pg_attribute a ON a.attnum = k.attnum
    WHERE i.indrelid = live AND i.indisprimary AND a.attrelid = i.indrelid;
    EXECUTE format('CREATE INDEX %I ON %I (%s, known_to)', name || '_history_key', name || '_history', columns);
    EXECUTE format('CREATE INDEX %I ON %I (tenant, known_to)', name || '_history_known', name || '_history');
END
$$;

DO $$
DECLARE
    live text;
BEGIN
    FOREACH live IN ARRAY ARRAY['companies', 'accounts', 'contacts', 'invoices',
        'payment_applications', 'balances', 'payments', 'site_options', 'api_keys'] LOOP
        CALL public.keep_history(live::regclass);
    END LOOP;
END
$$;
CREATE INDEX balances_history_open_on ON balances_history (tenant, duration_class, effective_from);

-- Fences and grants, the same for a table of the live schema and its twin in a rebuild.
-- Of columns that tell of persons the planner keeps no samples: an erasure would not reach them.
CREATE PROCEDURE public.open_read_model(read_model regclass) LANGUAGE plpgsql AS $$
DECLARE
    told text := (SELECT regexp_replace(relname, '_history$', '') FROM pg_class WHERE oid = read_model);
    personal text := CASE told
        WHEN 'accounts' THEN '^sper_name$'
        WHEN 'api_keys' THEN '^name$'
        WHEN 'contacts' THEN '^(cntct_(?!id$)|udf)'
        WHEN 'pending_payments' THEN '^entry_user_name$'
        WHEN 'personal_contacts' THEN '^cntct_'
        WHEN 'sales_persons' THEN '^(sper_name$|udf)'
        WHEN 'user_fields' THEN '^udf'
        WHEN 'users' THEN '^(name|email)$'
    END;
    one text;
BEGIN
    FOR one IN SELECT attname FROM pg_attribute
        WHERE attrelid = read_model AND attnum > 0 AND NOT attisdropped AND attname ~ personal
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS 0', read_model, one);
    END LOOP;
    CALL public.fence_by_tenant(read_model);
    EXECUTE format('GRANT SELECT ON %s TO tallystick_app, tallystick_auditor', read_model);
    EXECUTE format('GRANT ALL ON %s TO tallystick_worker', read_model);
END
$$;

DO $$
DECLARE
    read_model regclass;
BEGIN
    FOR read_model IN SELECT c.oid FROM pg_class c
        WHERE c.relnamespace = 'read_models'::regnamespace AND c.relkind = 'r' LOOP
        CALL public.open_read_model(read_model);
    END LOOP;
END
$$;

-- What is asked before it is known whose session it is: whom does a key let in?
CREATE FUNCTION public.authenticate(digest text)
RETURNS TABLE (tenant integer, tenant_name text, key_id text, name text, role text, user_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = read_models, public, pg_temp AS $$
    SELECT k.tenant, t.name, k.key_id, k.name, k.role, k.user_id
    FROM api_keys k JOIN tenants t USING (tenant)
    WHERE k.secret_sha256 = digest AND NOT k.revoked
$$;

REVOKE EXECUTE ON FUNCTION public.authenticate FROM public;
GRANT EXECUTE ON FUNCTION public.authenticate TO tallystick_app;

-- What each source row looked like when it was last loaded: two hashes a row, in blocks.
-- It only narrows what a sync looks at again; the deciders decide.
CREATE TABLE public.sync_manifests (
    tenant integer NOT NULL,
    kind text COLLATE "C" NOT NULL,
    block integer NOT NULL,
    entries bytea NOT NULL,
    PRIMARY KEY (tenant, kind, block)
);
ALTER TABLE public.sync_manifests ALTER COLUMN entries SET STORAGE EXTERNAL;
CALL public.fence_by_tenant('public.sync_manifests');
GRANT SELECT, INSERT, UPDATE, DELETE ON public.sync_manifests TO tallystick_worker;
