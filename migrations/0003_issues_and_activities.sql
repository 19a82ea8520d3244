-- Issues and the activities by which they are resolved, and types of activities.

SET search_path = read_models, public;

CREATE TABLE activity_types (
    tenant integer NOT NULL,
    code text COLLATE "C" NOT NULL,
    standard_type text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    priority integer,
    procedure text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, code)
);
CALL public.keep_history('activity_types'::regclass);
CALL public.open_read_model('activity_types'::regclass);
CALL public.open_read_model('activity_types_history'::regclass);

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
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, issue_id)
);
COMMENT ON COLUMN issues.issue_no IS 'Position in the log of the event that opened it.';
CREATE INDEX issues_by_account ON issues (tenant, company_id, cust_id);
CREATE INDEX open_issues_by_user ON issues (tenant, assigned_user_id) WHERE resolved_on IS NULL;
CALL public.keep_history('issues'::regclass);
CALL public.open_read_model('issues'::regclass);
CALL public.open_read_model('issues_history'::regclass);

CREATE TABLE issue_invoices (
    tenant integer NOT NULL,
    issue_id text COLLATE "C" NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    opened_on date NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, issue_id, company_id, tran_id)
);
CREATE INDEX issue_invoices_by_invoice ON issue_invoices (tenant, company_id, tran_id);
CALL public.keep_history('issue_invoices'::regclass);
CALL public.open_read_model('issue_invoices'::regclass);
CALL public.open_read_model('issue_invoices_history'::regclass);

CREATE TABLE activities (
    tenant integer NOT NULL,
    activity_id text COLLATE "C" NOT NULL,
    activity_no bigint NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    activity_type text COLLATE "C" NOT NULL,
    standard_type text COLLATE "C" NOT NULL,
    entered_on date NOT NULL,
    issue_id text COLLATE "C",
    note text COLLATE "C",
    due_on date,
    respond_by date,
    duration_minutes integer,
    assigned_user_id text COLLATE "C",
    user_id text COLLATE "C",
    action_code text COLLATE "C",
    priority integer,
    completed_on date,
    successful boolean,
    follow_up_on date,
    follow_up_entered_on date,
    follow_up_desc text COLLATE "C",
    follow_up_completed_on date,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, activity_id)
);
COMMENT ON COLUMN activities.activity_no IS 'Position in the log of the event that recorded it.';
COMMENT ON COLUMN activities.successful IS
    'Of a complete phone call, whether the customer was spoken to; null of all others.';
CREATE INDEX activities_by_account ON activities (tenant, company_id, cust_id);
CREATE INDEX activities_by_issue ON activities (tenant, issue_id) WHERE issue_id IS NOT NULL;
CREATE INDEX open_activities_by_user ON activities (tenant, assigned_user_id)
    WHERE completed_on IS NULL;
CALL public.keep_history('activities'::regclass);
CREATE INDEX activities_history_by_issue ON activities_history (tenant, issue_id)
    WHERE issue_id IS NOT NULL;
CALL public.open_read_model('activities'::regclass);
CALL public.open_read_model('activities_history'::regclass);

-- Documents tagged to activities, with what was open of them then. What the activity is and when
-- it was complete stands here too, so that a document's last contact is found without a join.
CREATE TABLE activity_tags (
    tenant integer NOT NULL,
    activity_id text COLLATE "C" NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    tagged_on date NOT NULL,
    balance_hc numeric NOT NULL,
    home_curr_id text COLLATE "C" NOT NULL,
    standard_type text COLLATE "C" NOT NULL,
    entered_on date NOT NULL,
    completed_on date,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, activity_id, company_id, tran_id)
);
CREATE INDEX activity_tags_by_invoice ON activity_tags (tenant, company_id, tran_id);
CALL public.keep_history('activity_tags'::regclass);
CALL public.open_read_model('activity_tags'::regclass);
CALL public.open_read_model('activity_tags_history'::regclass);
