-- Replays: the read models as they were at a position of a log, each in a schema of its own.
-- Sources: DESIGN section 1 and section 6 (audit replay).

CREATE TABLE replays (
    tenant integer NOT NULL REFERENCES tenants,
    name text COLLATE "C" NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    position bigint NOT NULL,
    moment timestamptz NOT NULL,
    shape text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    PRIMARY KEY (tenant, name)
);
COMMENT ON COLUMN replays.position IS 'Up to which event of the log it is folded.';
COMMENT ON COLUMN replays.moment IS 'The moment that is now in it.';
COMMENT ON COLUMN replays.shape IS 'Of the migrations whose tables it has.';
COMMENT ON COLUMN replays.finished_at IS 'Null while it is made, and for ever if that was interrupted.';
CALL fence_by_tenant('replays');
GRANT SELECT ON replays TO tallystick_app, tallystick_worker, tallystick_auditor;

-- Which migrations made the tables of this database: a replay of others cannot be read.
CREATE FUNCTION schema_shape() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
RETURN (SELECT md5(string_agg(sha256, '' ORDER BY number)) FROM public.schema_migrations);

-- A session that answers from a replay sees the log as far as that reaches, and what was given
-- out of it by then.
CREATE FUNCTION session_position() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('tallystick.position', true), '')::bigint, 9223372036854775807)
$$;
CREATE FUNCTION session_moment() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('tallystick.moment', true), '')::timestamptz, 'infinity')
$$;
CREATE POLICY of_replay ON events AS RESTRICTIVE FOR SELECT
    USING (position <= (SELECT session_position()));
CREATE POLICY of_replay ON checkpoints AS RESTRICTIVE FOR SELECT
    USING (signed_at <= (SELECT session_moment()));
CREATE POLICY of_replay ON command_results AS RESTRICTIVE FOR SELECT
    USING (recorded_at <= (SELECT session_moment()));

-- Who is erased is in no replay either: the worker, which may not drop what is not its own, drops
-- them when it comes to the erasure. They can be made anew.
CREATE FUNCTION drop_replays(for_tenant integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    one text;
BEGIN
    FOR one IN DELETE FROM replays WHERE tenant = for_tenant RETURNING name LOOP
        EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', format('replay_%s_%s', for_tenant, one));
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION drop_replays FROM public;
GRANT EXECUTE ON FUNCTION drop_replays TO tallystick_worker;
