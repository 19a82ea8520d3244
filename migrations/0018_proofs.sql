-- Proofs that a log is whole: its Merkle tree in tiles, and signed checkpoints of it.
-- Sources: DESIGN section 2; RFC 9162; C2SP tlog-tiles, signed-note, tlog-checkpoint.

CREATE TABLE trees (
    tenant integer PRIMARY KEY REFERENCES tenants,
    size bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE trees IS 'How many events of each log are sealed: leaves of its tree.';

CREATE TABLE tree_tiles (
    tenant integer NOT NULL,
    level smallint NOT NULL,
    tile bigint NOT NULL,
    hashes bytea NOT NULL,
    PRIMARY KEY (tenant, level, tile)
);
ALTER TABLE tree_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL; -- hashes cannot be compressed
COMMENT ON COLUMN tree_tiles.level IS '0: leaves; L: roots over 256^L leaves each.';
COMMENT ON COLUMN tree_tiles.hashes IS 'Up to 256 hashes of 32 bytes; a full tile never changes.';

CREATE TABLE checkpoints (
    tenant integer NOT NULL,
    size bigint NOT NULL,
    note text COLLATE "C" NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, size, signed_at)
);
COMMENT ON COLUMN checkpoints.note IS 'Origin, size and root of the tree, signed (C2SP tlog-checkpoint).';

CREATE FUNCTION refuse_change_of_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A checkpoint was given out: % is refused.', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER checkpoints_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_checkpoint();
ALTER TABLE checkpoints ENABLE ALWAYS TRIGGER checkpoints_are_append_only;

CALL fence_by_tenant('trees');
CALL fence_by_tenant('tree_tiles');
CALL fence_by_tenant('checkpoints');
GRANT SELECT ON trees, tree_tiles, checkpoints TO tallystick_app, tallystick_worker, tallystick_auditor;
GRANT INSERT, UPDATE ON trees, tree_tiles TO tallystick_worker;
GRANT INSERT ON checkpoints TO tallystick_worker;
