-- Keys of persons: what events tell of them is encrypted, and can be read as long as the key is
-- there. Erasing a person destroys the key, and nothing of the log.

CREATE TABLE master_keys (
    fingerprint bytea PRIMARY KEY,
    current boolean NOT NULL
);
CREATE UNIQUE INDEX one_master_key_is_current ON master_keys (current) WHERE current;
COMMENT ON TABLE master_keys IS 'Which master keys wrap the keys of persons; the keys themselves are in the settings.';
COMMENT ON COLUMN master_keys.current IS 'Whether it wraps new keys; the others are read until none of theirs is left.';

CREATE TABLE master_key_changes (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    change text COLLATE "C" NOT NULL CHECK (change IN ('made current', 'wraps all', 'dropped')),
    keys integer
);
COMMENT ON TABLE master_key_changes IS 'Who made which master key the current one and dropped it, and when.';
COMMENT ON COLUMN master_key_changes.keys IS 'How many keys of persons were wrapped anew, once it wraps all.';
CREATE TRIGGER master_key_changes_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON master_key_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE person_keys (
    tenant integer NOT NULL,
    person text COLLATE "C" NOT NULL,
    wrapped bytea,
    master bytea REFERENCES master_keys,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    destroyed_at timestamptz,
    PRIMARY KEY (tenant, person),
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL) AND (wrapped IS NULL) = (master IS NULL))
);
COMMENT ON COLUMN person_keys.person IS 'Whom the key is of: the name of the stream about the person.';
COMMENT ON COLUMN person_keys.wrapped IS 'The key, encrypted under a master key; null once it is destroyed.';
COMMENT ON COLUMN person_keys.master IS 'The fingerprint of that master key.';

CALL fence_by_tenant('person_keys');
GRANT SELECT ON person_keys TO tallystick_app, tallystick_worker, tallystick_auditor;
GRANT SELECT ON master_keys, master_key_changes TO tallystick_app, tallystick_worker, tallystick_auditor;
GRANT INSERT ON person_keys TO tallystick_worker;

-- Appends a batch that tells of persons, as append_events does. `keys` are those of persons who
-- come for the first time; `persons` are all that the batch tells of, and it is refused if one was
-- erased meanwhile. The keys of the persons in `erased` are destroyed in the same transaction,
-- and so are the digests of what was wished of them, from which it could be guessed; the batch
-- says itself that they are erased. The streams `unmoved`, at which the decision looked, must be at
-- `versions` still: nobody is erased whom a hold came for in between.
CREATE FUNCTION append_sealed(
    for_tenant integer, batch json, results json, keys json, persons text[], erased text[],
    unmoved text[], versions integer[],
    OUT first_position bigint, OUT stamped_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    streams text[] := (SELECT coalesce(array_agg(told ->> 'stream'), '{}') FROM json_array_elements(batch) told);
BEGIN
    SELECT a.first_position, a.stamped_at INTO first_position, stamped_at
    FROM append_events(for_tenant, batch, results) a;
    INSERT INTO person_keys (tenant, person, wrapped, master, made_at)
    SELECT for_tenant, person, decode(wrapped, 'base64'), decode(master, 'base64'), append_sealed.stamped_at
    FROM json_to_recordset(keys) AS new_keys (person text, wrapped text, master text);
    IF EXISTS (
        SELECT FROM unnest(unmoved, versions) AS known (stream, version)
        WHERE version <> coalesce((
            SELECT max(e.version) FROM events e
            WHERE e.tenant = for_tenant AND e.stream = known.stream
              AND e.position < append_sealed.first_position
        ), 0)
    ) THEN
        RAISE EXCEPTION 'A stream moved that the batch stands on.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (
        SELECT FROM person_keys k
        WHERE k.tenant = for_tenant AND k.person = ANY(persons) AND k.destroyed_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'A person of the batch was erased.' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT erased <@ streams THEN
        RAISE EXCEPTION 'The batch does not say that all of them are erased.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO person_keys AS k (tenant, person, made_at, destroyed_at)
    SELECT for_tenant, person, append_sealed.stamped_at, append_sealed.stamped_at FROM unnest(erased) person
    ON CONFLICT (tenant, person) DO UPDATE
    SET wrapped = NULL, master = NULL, destroyed_at = coalesce(k.destroyed_at, excluded.destroyed_at);
    UPDATE command_results r SET request_digest = ''
    WHERE cardinality(erased) > 0 AND r.tenant = for_tenant AND r.first_position IN (
        SELECT e.position FROM events e
        WHERE e.tenant = for_tenant AND e.stream = ANY(streams) AND e.position < append_sealed.first_position
    );
END
$$;

REVOKE EXECUTE ON FUNCTION append_sealed FROM public;
GRANT EXECUTE ON FUNCTION append_sealed TO tallystick_app, tallystick_worker;

SET search_path = read_models, public;

CREATE TABLE erasures (
    tenant integer NOT NULL,
    person text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    asked_by text COLLATE "C" NOT NULL,
    asked_on date NOT NULL,
    approved_by text COLLATE "C",
    decided_on date,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, person)
);

CREATE TABLE legal_holds (
    tenant integer NOT NULL,
    subject text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    placed_by text COLLATE "C" NOT NULL,
    placed_on date NOT NULL,
    lift_reason text,
    lifted_by text COLLATE "C",
    lifted_on date,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, subject)
);

CALL public.keep_history('erasures'::regclass);
CALL public.keep_history('legal_holds'::regclass);

CALL public.open_read_model('erasures'::regclass);
CALL public.open_read_model('erasures_history'::regclass);
CALL public.open_read_model('legal_holds'::regclass);
CALL public.open_read_model('legal_holds_history'::regclass);
