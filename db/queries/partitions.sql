-- name: table_exists
-- Whether a table of this name can be seen.
SELECT to_regclass($1) IS NOT NULL;

-- name: lock_event_partitions
-- One maker of event partitions at a time, until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtext('tidemark.event_partitions'));
