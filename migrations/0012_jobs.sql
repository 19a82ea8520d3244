-- Read models of jobs: the firings that there were, and the sources of exports.

SET LOCAL search_path = read_models, public;

CREATE TABLE job_firings (
    tenant integer NOT NULL,
    firing_id text COLLATE "C" NOT NULL,
    job text COLLATE "C" NOT NULL,
    occasion text COLLATE "C" NOT NULL,
    due_at timestamptz NOT NULL,
    business_date date NOT NULL,
    by_hand boolean NOT NULL,
    state text COLLATE "C" NOT NULL,
    attempts integer NOT NULL,
    claimed_by text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    told text COLLATE "C",
    retry_at timestamptz,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, firing_id)
);
COMMENT ON COLUMN job_firings.firing_id IS 'The name of the job and what it was fired once for.';
COMMENT ON COLUMN job_firings.state IS 'claimed, completed, failed, or given_up.';
COMMENT ON COLUMN job_firings.told IS 'What was done, or why it could not be.';
COMMENT ON COLUMN job_firings.retry_at IS 'When a failure is tried again.';
CREATE INDEX job_firings_by_job ON job_firings (tenant, job, due_at);
CREATE INDEX job_firings_waiting ON job_firings (tenant, state)
    WHERE state IN ('claimed', 'failed');
CALL public.keep_history('job_firings'::regclass);
CALL public.open_read_model('job_firings'::regclass);
CALL public.open_read_model('job_firings_history'::regclass);

CREATE TABLE sync_sources (
    tenant integer NOT NULL,
    source_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    folder text COLLATE "C" NOT NULL,
    mapping text COLLATE "C",
    schedules text NOT NULL,
    company_ids text NOT NULL,
    active boolean NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, source_id)
);
COMMENT ON COLUMN sync_sources.schedules IS 'A JSON list of days, time and time zone.';
COMMENT ON COLUMN sync_sources.company_ids IS 'A JSON list; empty for all companies.';
CALL public.keep_history('sync_sources'::regclass);
CALL public.open_read_model('sync_sources'::regclass);
CALL public.open_read_model('sync_sources_history'::regclass);
