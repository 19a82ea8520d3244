-- User actions and their kinds, messages with files, and grid alerts (UA, LOG-03, ALR).

-- Files that messages refer to, once for each content. The application's role adds to them by the
-- function alone, which works the address out itself.
CREATE TABLE public.stored_files (
    tenant integer NOT NULL,
    sha256 text COLLATE "C" NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (tenant, sha256)
);
-- What is stored is compressed already.
ALTER TABLE public.stored_files ALTER COLUMN content SET STORAGE EXTERNAL;
CALL public.fence_by_tenant('public.stored_files');
GRANT SELECT ON public.stored_files TO tallystick_app, tallystick_worker, tallystick_auditor;

CREATE FUNCTION public.store_file(for_tenant integer, new_content bytea) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    address text := encode(sha256(new_content), 'hex');
BEGIN
    IF session_tenant() IS DISTINCT FROM for_tenant THEN
        RAISE EXCEPTION 'This session may not store files of tenant %.', for_tenant
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO stored_files VALUES (for_tenant, address, new_content) ON CONFLICT DO NOTHING;
    RETURN address;
END
$$;
REVOKE EXECUTE ON FUNCTION public.store_file FROM public;
GRANT EXECUTE ON FUNCTION public.store_file TO tallystick_app;

SET search_path = read_models, public;

CREATE TABLE user_actions (
    tenant integer NOT NULL,
    action_id text COLLATE "C" NOT NULL,
    action_no bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    occasion text COLLATE "C" NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C",
    raised_on date NOT NULL,
    text text COLLATE "C" NOT NULL,
    promise_id text COLLATE "C",
    activity_id text COLLATE "C",
    pending_payment_id text COLLATE "C",
    done_on date,
    done_by text COLLATE "C",
    withdrawn_on date,
    withdrawn_reason text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, action_id)
);
COMMENT ON COLUMN user_actions.action_no IS 'Position in the log of the event that raised it.';
CREATE INDEX user_actions_by_occasion ON user_actions (tenant, kind, subject, occasion);
CREATE INDEX open_user_actions ON user_actions (tenant, user_id, kind)
    WHERE done_on IS NULL AND withdrawn_on IS NULL;
CREATE INDEX user_actions_by_account ON user_actions (tenant, company_id, cust_id);
CALL public.keep_history('user_actions'::regclass);
CALL public.open_read_model('user_actions'::regclass);
CALL public.open_read_model('user_actions_history'::regclass);

CREATE TABLE user_action_kinds (
    tenant integer NOT NULL,
    kind text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    priority integer NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, kind)
);
CALL public.keep_history('user_action_kinds'::regclass);
CALL public.open_read_model('user_action_kinds'::regclass);
CALL public.open_read_model('user_action_kinds_history'::regclass);

CREATE TABLE messages (
    tenant integer NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    message_no bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    delivered_on date NOT NULL,
    user_id text COLLATE "C",
    file_name text COLLATE "C",
    media_type text COLLATE "C",
    file_size bigint,
    sha256 text COLLATE "C",
    link text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, message_id)
);
COMMENT ON COLUMN messages.message_no IS 'Position in the log of the event that delivered it.';
COMMENT ON COLUMN messages.user_id IS 'Whom it is for; null for everybody who runs the site.';
COMMENT ON COLUMN messages.sha256 IS 'The file in public.stored_files.';
CREATE INDEX messages_by_user ON messages (tenant, user_id, message_no);
CALL public.keep_history('messages'::regclass);
CALL public.open_read_model('messages'::regclass);
CALL public.open_read_model('messages_history'::regclass);

CREATE TABLE message_readers (
    tenant integer NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    reader text COLLATE "C" NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, message_id, reader)
);
CALL public.open_read_model('message_readers'::regclass);

CREATE TABLE grid_alerts (
    tenant integer NOT NULL,
    alert_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    grid text COLLATE "C" NOT NULL,
    filter text COLLATE "C" NOT NULL,
    columns text NOT NULL,
    recipients text NOT NULL,
    schedule text,
    active boolean NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, alert_id)
);
CALL public.keep_history('grid_alerts'::regclass);
CALL public.open_read_model('grid_alerts'::regclass);
CALL public.open_read_model('grid_alerts_history'::regclass);
