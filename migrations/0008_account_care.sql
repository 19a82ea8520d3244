-- What collectors themselves say of accounts (ACC-10, ACC-20 to ACC-26) and companies (CMP-04), and
-- users (USR-09 to USR-11).

SET search_path = read_models, public;

CREATE TABLE users (
    tenant integer NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    email text COLLATE "C",
    kind text COLLATE "C" NOT NULL,
    manager_id text COLLATE "C",
    active boolean NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, user_id)
);

CREATE TABLE account_care (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    assigned_user_id text COLLATE "C",
    credit_class_id text COLLATE "C",
    online_pmt_option boolean NOT NULL,
    days_to_respond integer,
    sales_reps text COLLATE "C" NOT NULL,
    credit_score text COLLATE "C",
    credit_score_source text COLLATE "C",
    credit_rated_on date,
    bureau_1 text COLLATE "C",
    bureau_2 text COLLATE "C",
    bureau_3 text COLLATE "C",
    sper_id text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, cust_id)
);
COMMENT ON COLUMN account_care.sper_id IS 'Who sells to the account, if the ERP names nobody.';
COMMENT ON COLUMN account_care.sales_reps IS 'JSON list of the ids of additional sales reps.';
CREATE INDEX account_care_by_assigned_user ON account_care (tenant, assigned_user_id);

CREATE TABLE company_options (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    default_user_id text COLLATE "C",
    online_payments boolean,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id)
);

CALL public.keep_history('users'::regclass);
CALL public.keep_history('account_care'::regclass);
CALL public.keep_history('company_options'::regclass);
CALL public.open_read_model('users'::regclass);
CALL public.open_read_model('users_history'::regclass);
CALL public.open_read_model('account_care'::regclass);
CALL public.open_read_model('account_care_history'::regclass);
CALL public.open_read_model('company_options'::regclass);
CALL public.open_read_model('company_options_history'::regclass);

-- A key lets nobody in who acts for a user that is retired.
CREATE OR REPLACE FUNCTION public.authenticate(digest text)
RETURNS TABLE (tenant integer, tenant_name text, key_id text, name text, role text, user_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = read_models, public, pg_temp AS $$
    SELECT k.tenant, t.name, k.key_id, k.name, k.role, k.user_id
    FROM api_keys k JOIN tenants t USING (tenant)
    LEFT JOIN users u ON u.tenant = k.tenant AND u.user_id = k.user_id
    WHERE k.secret_sha256 = digest AND NOT k.revoked AND u.active IS NOT FALSE
$$;
