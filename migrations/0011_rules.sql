-- Credit classes, action codes and rules with their versions.

SET search_path = read_models, public;

CREATE TABLE credit_classes (
    tenant integer NOT NULL,
    class_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    description text COLLATE "C",
    frequency_days integer NOT NULL,
    schedule text,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, class_id)
);
CALL public.keep_history('credit_classes'::regclass);
CALL public.open_read_model('credit_classes'::regclass);
CALL public.open_read_model('credit_classes_history'::regclass);

CREATE TABLE action_codes (
    tenant integer NOT NULL,
    code text COLLATE "C" NOT NULL,
    priority integer NOT NULL,
    issue_description text COLLATE "C" NOT NULL,
    communication_note text COLLATE "C" NOT NULL,
    activity_type text COLLATE "C" NOT NULL,
    email_template text COLLATE "C",
    report_template text COLLATE "C",
    attach_invoices boolean NOT NULL,
    cust_contact boolean NOT NULL,
    system boolean NOT NULL,
    active boolean NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, code)
);
CALL public.keep_history('action_codes'::regclass);
CALL public.open_read_model('action_codes'::regclass);
CALL public.open_read_model('action_codes_history'::regclass);

CREATE TABLE rules (
    tenant integer NOT NULL,
    class_id text COLLATE "C" NOT NULL,
    rule_id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    active boolean NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, class_id, rule_id)
);
CALL public.keep_history('rules'::regclass);
CALL public.open_read_model('rules'::regclass);
CALL public.open_read_model('rules_history'::regclass);

CREATE TABLE rule_versions (
    tenant integer NOT NULL,
    class_id text COLLATE "C" NOT NULL,
    rule_id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    seq_no integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    view text COLLATE "C" NOT NULL,
    filter text COLLATE "C" NOT NULL,
    action_code text COLLATE "C" NOT NULL,
    standalone boolean NOT NULL,
    create_if_exists boolean NOT NULL,
    auto_close boolean NOT NULL,
    override_user_id text COLLATE "C",
    days_to_respond integer NOT NULL,
    follow_up_days integer,
    follow_up_user_id text COLLATE "C",
    follow_up_desc text COLLATE "C",
    system boolean NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, class_id, rule_id, version)
);
CALL public.open_read_model('rule_versions'::regclass);
