-- The log: one gapless, ordered, append-only sequence of events per tenant.
-- Sources: DESIGN section 2 and section 9; LOG-01, CMP-10.

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['tallystick_app', 'tallystick_worker', 'tallystick_auditor'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', role_name);
        END IF;
        -- An owner who is no superuser takes the roles on (SET ROLE), and must be let.
        IF NOT pg_has_role(current_user, role_name, 'SET') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER WITH INHERIT FALSE, SET TRUE', role_name);
        END IF;
    END LOOP;
    -- COPY is refused to roles under row-level security; the worker loads by COPY, so it
    -- stands outside the policies and names the tenant in every statement itself. Where the
    -- owner may not grant that, the worker's sessions are the owner's, who stands outside, too.
    IF NOT (SELECT rolbypassrls FROM pg_roles WHERE rolname = 'tallystick_worker') THEN
        BEGIN
            ALTER ROLE tallystick_worker BYPASSRLS;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE NOTICE 'The worker will work as %.', current_user;
        END;
    END IF;
    EXECUTE format('ALTER DATABASE %I SET search_path = read_models, public', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO tallystick_app, tallystick_worker, tallystick_auditor',
                   current_database());
END
$$;

-- Nobody but the owner makes anything here that a function of the owner's might take for ours.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA read_models;
GRANT USAGE ON SCHEMA read_models, public TO tallystick_app, tallystick_worker, tallystick_auditor;

CREATE TABLE tenants (
    tenant integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The head of each tenant's log. fillfactor keeps its updates on the page (HOT).
CREATE TABLE heads (
    tenant integer PRIMARY KEY REFERENCES tenants,
    position bigint NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 20);

CREATE TABLE events (
    tenant integer NOT NULL,
    position bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    type text COLLATE "C" NOT NULL,
    data bytea NOT NULL,
    effective_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text COLLATE "C" NOT NULL,
    cause text COLLATE "C" NOT NULL,
    correlation text COLLATE "C" NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (tenant, position),
    CONSTRAINT events_stream_version_key UNIQUE (tenant, stream, version)
);

COMMENT ON TABLE events IS 'The only truth: everything else can be rebuilt from it.';
COMMENT ON COLUMN events.position IS 'Place in the tenant''s log, from 1, without gaps.';
COMMENT ON COLUMN events.version IS 'Place in the stream, from 1, without gaps.';
COMMENT ON COLUMN events.data IS 'The event as canonical JSON (UTF-8), byte for byte as first stored.';
COMMENT ON COLUMN events.effective_on IS 'Business date on which the fact is true.';
COMMENT ON COLUMN events.recorded_at IS 'When it was appended; rises strictly from append to append.';
COMMENT ON COLUMN events.actor IS 'Who asked: a user, an API key or a job.';
COMMENT ON COLUMN events.cause IS 'The command, job or event that led here.';
COMMENT ON COLUMN events.correlation IS 'Shared by everything that one request or run set off.';

-- The first answer to a command, for its retries.
CREATE TABLE command_results (
    tenant integer NOT NULL,
    idempotency_key text COLLATE "C" NOT NULL,
    request_digest bytea NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, idempotency_key)
);

COMMENT ON TABLE command_results IS 'Which events a command with an idempotency key led to.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The log is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER events_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- Also in sessions that replay changes (session_replication_role), which fire no others.
ALTER TABLE events ENABLE ALWAYS TRIGGER events_are_append_only;

CREATE FUNCTION session_tenant() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('tallystick.tenant', true), '')::integer
$$;

-- Fences a table by tenant: rows of other tenants do not exist for app and auditor.
CREATE PROCEDURE fence_by_tenant(fenced regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', fenced);
    EXECUTE format('DROP POLICY IF EXISTS own_tenant ON %s', fenced);
    EXECUTE format('CREATE POLICY own_tenant ON %s USING (tenant = (SELECT session_tenant()))', fenced);
END
$$;

CALL fence_by_tenant('events');
CALL fence_by_tenant('heads');
CALL fence_by_tenant('command_results');

-- Starts an append of `events` events: queues behind other writers of the tenant, numbers
-- the events and stamps them. The rows must follow in the same transaction. The advisory
-- lock is only a fair queue; the head row alone already gives order and no gaps. An append
-- of no events (a command that changed nothing) leaves the head as it is.
CREATE FUNCTION begin_append(
    for_tenant integer, events integer, OUT first_position bigint, OUT stamped_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF events < 0 THEN
        RAISE EXCEPTION 'An append cannot have % events.', events USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(7411, for_tenant);
    UPDATE heads SET
        position = heads.position + events,
        recorded_at = CASE WHEN events = 0 THEN heads.recorded_at
            ELSE greatest(clock_timestamp(), heads.recorded_at + interval '1 microsecond') END
    WHERE heads.tenant = for_tenant
    RETURNING heads.position - events + 1,
              CASE WHEN events = 0 THEN greatest(clock_timestamp(), heads.recorded_at) ELSE heads.recorded_at END
    INTO first_position, stamped_at;
    IF first_position IS NULL THEN
        RAISE EXCEPTION 'Tenant % does not exist.', for_tenant USING ERRCODE = 'no_data_found';
    END IF;
END
$$;

-- Appends a batch to the log of the session's tenant: the only way in for the application's
-- role, which may not write the tables itself. The unique key on (tenant, stream, version)
-- refuses a stream that moved; a version that follows none is refused as well (decided on
-- events that a backup put back has lost). Versions may start at 0, as the eventsourcing
-- library's do. An event without a date is effective on the day (UTC) it is recorded.
-- The batch is JSON, with bytes in base64 (eventstore/appending.py); so are the commands of it
-- that carry an idempotency key, which say which of its events, from offset `start` on, are
-- theirs. Its statements are planned once a session, not once a call, and look rows up by index
-- whatever size the table had then: measured, planning would add half to the cost of an append
-- of one event.
CREATE FUNCTION append_events(
    for_tenant integer, batch json, results json, OUT first_position bigint, OUT stamped_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    torn text;
BEGIN
    IF session_tenant() IS DISTINCT FROM for_tenant THEN
        RAISE EXCEPTION 'This session may not append to the log of tenant %.', for_tenant
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT b.first_position, b.stamped_at INTO first_position, stamped_at
    FROM begin_append(for_tenant, json_array_length(batch)) b;
    INSERT INTO events
    SELECT for_tenant, append_events.first_position + n - 1, stream, version, type, decode(data, 'base64'),
           coalesce(effective_on, (append_events.stamped_at AT TIME ZONE 'UTC')::date),
           append_events.stamped_at, actor, cause, correlation
    FROM ROWS FROM (json_to_recordset(batch) AS (
        stream text, version integer, type text, data text, effective_on date, actor text, cause text,
        correlation text
    )) WITH ORDINALITY AS new_events
        (stream, version, type, data, effective_on, actor, cause, correlation, n);
    SELECT e.stream INTO torn FROM events e
    WHERE e.tenant = for_tenant AND e.position >= append_events.first_position AND e.version > 1 AND (
        SELECT before.version FROM events before
        WHERE before.tenant = for_tenant AND before.stream = e.stream AND before.version = e.version - 1
    ) IS NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'The events of stream % would not follow what is stored of it.', torn
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO command_results
    SELECT for_tenant, idempotency_key, decode(request_digest, 'base64'),
           append_events.first_position + start, append_events.first_position + start + count - 1,
           append_events.stamped_at
    FROM json_to_recordset(results) AS told
        (idempotency_key text, request_digest text, start integer, count integer);
END
$$;

-- P(T): the last position recorded at or before a moment (0 if none). recorded_at rises with
-- position, so a binary search over the primary key finds it without an index of its own.
CREATE FUNCTION position_at(for_tenant integer, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    low bigint := 0;
    high bigint := coalesce((SELECT h.position FROM heads h WHERE h.tenant = for_tenant), 0);
    middle bigint;
BEGIN
    WHILE low < high LOOP
        middle := (low + high + 1) / 2;
        IF (SELECT e.recorded_at FROM events e WHERE e.tenant = for_tenant AND e.position = middle) <= moment
        THEN low := middle;
        ELSE high := middle - 1;
        END IF;
    END LOOP;
    RETURN low;
END
$$;

-- How far other programs have processed a tenant's log, for those built on the eventsourcing
-- library (its Tracking).
CREATE TABLE tracking (
    tenant integer NOT NULL,
    application text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, application)
);
CALL fence_by_tenant('tracking');

CREATE FUNCTION create_tenant(new_name text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    new_tenant integer;
BEGIN
    INSERT INTO tenants (name) VALUES (new_name) RETURNING tenant INTO new_tenant;
    INSERT INTO heads (tenant) VALUES (new_tenant);
    RETURN new_tenant;
END
$$;

REVOKE EXECUTE ON FUNCTION create_tenant, begin_append, append_events FROM public;
GRANT EXECUTE ON FUNCTION append_events TO tallystick_app, tallystick_worker;
GRANT SELECT ON tenants TO tallystick_app, tallystick_worker, tallystick_auditor;
GRANT EXECUTE ON FUNCTION begin_append TO tallystick_worker;
GRANT SELECT ON heads, events, command_results, tracking
    TO tallystick_app, tallystick_worker, tallystick_auditor;
GRANT INSERT, UPDATE ON tracking TO tallystick_app, tallystick_worker;
GRANT INSERT ON events, command_results TO tallystick_worker;
