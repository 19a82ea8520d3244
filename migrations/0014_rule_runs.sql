-- Why rules opened issues, their subjects, and runs of rules.

SET search_path = read_models, public;

-- Issues are folded anew from the log, as what is new of them stands there.
DELETE FROM cursors WHERE read_model = 'issues';
TRUNCATE issue_invoices, issue_invoices_history;
DROP TABLE issues, issues_history;

CREATE TABLE issues (
    tenant integer NOT NULL,
    issue_id text COLLATE "C" NOT NULL,
    issue_no bigint NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    priority integer,
    action_code text COLLATE "C",
    assigned_user_id text COLLATE "C",
    note text COLLATE "C",
    opened_on date NOT NULL,
    resolved_on date,
    resolved_by text COLLATE "C",
    resolution text COLLATE "C",
    reason text COLLATE "C",
    rule_id text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, issue_id)
);
COMMENT ON COLUMN issues.issue_no IS 'Position in the log of the event that opened it.';
CREATE INDEX issues_by_account ON issues (tenant, company_id, cust_id);
CREATE INDEX open_issues_by_user ON issues (tenant, assigned_user_id) WHERE resolved_on IS NULL;
CALL public.keep_history('issues'::regclass);
CALL public.open_read_model('issues'::regclass);
CALL public.open_read_model('issues_history'::regclass);

CREATE TABLE rule_issues (
    tenant integer NOT NULL,
    issue_id text COLLATE "C" NOT NULL,
    class_id text COLLATE "C" NOT NULL,
    rule_id text COLLATE "C" NOT NULL,
    rule_version integer NOT NULL,
    view text COLLATE "C" NOT NULL,
    read_position bigint NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    opened_on date NOT NULL,
    resolved_on date,
    closed_on date,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, issue_id)
);
COMMENT ON COLUMN rule_issues.closed_on IS 'When the software resolved it; null if a user did.';
CREATE INDEX rule_issues_by_account ON rule_issues (tenant, company_id, cust_id);
CREATE INDEX rule_issues_by_date ON rule_issues (tenant, class_id, opened_on);
CREATE INDEX rule_issues_closed ON rule_issues (tenant, class_id, closed_on)
    WHERE closed_on IS NOT NULL;
CALL public.keep_history('rule_issues'::regclass);
CALL public.open_read_model('rule_issues'::regclass);
CALL public.open_read_model('rule_issues_history'::regclass);

CREATE TABLE rule_subjects (
    tenant integer NOT NULL,
    issue_id text COLLATE "C" NOT NULL,
    class_id text COLLATE "C" NOT NULL,
    rule_id text COLLATE "C" NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    since date NOT NULL,
    lapsed_on date,
    resolved_on date,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, issue_id, tran_id)
);
COMMENT ON COLUMN rule_subjects.tran_id IS 'The document; empty where the account is the subject.';
CREATE INDEX rule_subjects_live ON rule_subjects (tenant, class_id, company_id, cust_id, tran_id)
    WHERE lapsed_on IS NULL OR resolved_on IS NULL;
CREATE INDEX rule_subjects_by_invoice ON rule_subjects (tenant, company_id, cust_id, tran_id);
CALL public.keep_history('rule_subjects'::regclass);
CALL public.open_read_model('rule_subjects'::regclass);
CALL public.open_read_model('rule_subjects_history'::regclass);

CREATE TABLE rule_runs (
    tenant integer NOT NULL,
    run_id text COLLATE "C" NOT NULL,
    class_id text COLLATE "C" NOT NULL,
    business_date date NOT NULL,
    read_position bigint NOT NULL,
    created integer NOT NULL,
    extended integer NOT NULL,
    closed integer NOT NULL,
    delayed integer NOT NULL,
    held integer NOT NULL,
    rules text NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, run_id)
);
CREATE INDEX rule_runs_by_date ON rule_runs (tenant, class_id, business_date);
CALL public.keep_history('rule_runs'::regclass);
CALL public.open_read_model('rule_runs'::regclass);
CALL public.open_read_model('rule_runs_history'::regclass);
