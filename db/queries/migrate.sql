-- name: lock_migrations
-- Let one process migrate at a time, until its transaction ends.
SELECT pg_advisory_xact_lock(7241593800162);

-- name: create_schema_migrations
-- Where it is kept which migrations were applied.
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    integer     PRIMARY KEY,
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: has_schema_migrations
-- Whether any migration was ever applied.
SELECT to_regclass('schema_migrations') IS NOT NULL;

-- name: applied_versions
-- Versions of all applied migrations.
SELECT version FROM schema_migrations ORDER BY version;

-- name: applied_checksum
-- Checksum of one applied migration; no row where it was not applied.
SELECT checksum FROM schema_migrations WHERE version = $1;

-- name: record_migration
-- Remember that a migration was applied.
INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3);
