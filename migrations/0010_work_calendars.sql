-- Work calendars, and activities that are withdrawn or followed up by another user.

SET search_path = read_models, public;

CREATE TABLE work_calendars (
    tenant integer NOT NULL,
    scope text COLLATE "C" NOT NULL,
    company_id text COLLATE "C",
    calendar text,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, scope)
);
COMMENT ON COLUMN work_calendars.scope IS 'site, or company/ and the id of the company.';
COMMENT ON COLUMN work_calendars.calendar IS 'JSON; null once it was cleared.';
CALL public.keep_history('work_calendars'::regclass);
CALL public.open_read_model('work_calendars'::regclass);
CALL public.open_read_model('work_calendars_history'::regclass);

-- Activities are folded anew from the log, as what is new of them stands there.
DELETE FROM cursors WHERE read_model = 'activities';
TRUNCATE activity_tags, activity_tags_history;
DROP TABLE activities, activities_history;

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
    follow_up_user_id text COLLATE "C",
    days_counted boolean,
    withdrawn_on date,
    withdrawn_reason text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, activity_id)
);
COMMENT ON COLUMN activities.activity_no IS 'Position in the log of the event that recorded it.';
COMMENT ON COLUMN activities.successful IS
    'Of a complete phone call, whether the customer was spoken to; null of all others.';
COMMENT ON COLUMN activities.days_counted IS
    'Whether days were given to respond until respond_by; null without such a date.';
CREATE INDEX activities_by_account ON activities (tenant, company_id, cust_id);
CREATE INDEX activities_by_issue ON activities (tenant, issue_id) WHERE issue_id IS NOT NULL;
CREATE INDEX open_activities_by_user ON activities (tenant, assigned_user_id)
    WHERE completed_on IS NULL AND withdrawn_on IS NULL;
CREATE INDEX follow_ups_by_date ON activities (tenant, follow_up_on) WHERE follow_up_on IS NOT NULL;
CALL public.keep_history('activities'::regclass);
CREATE INDEX activities_history_by_issue ON activities_history (tenant, issue_id)
    WHERE issue_id IS NOT NULL;
CALL public.open_read_model('activities'::regclass);
CALL public.open_read_model('activities_history'::regclass);
