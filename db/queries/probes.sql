-- name: one
-- Whether the server answers.
SELECT 1;

-- name: tail
-- How much is committed and not yet in the rollups, and since when.
SELECT count(*) AS batches, coalesce(sum(event_count), 0) AS events, min(received_at) AS oldest
FROM pending_batches;

-- name: is_empty
-- Whether no event was ever accepted.
SELECT NOT EXISTS (SELECT FROM event_ids);

-- name: server
-- What the doctor wants to know of the server.
SELECT current_setting('server_version_num')::int AS version, clock_timestamp() AS now,
       current_setting('max_connections')::int AS max_connections,
       pg_database_size(current_database()) AS bytes;
