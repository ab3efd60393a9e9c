-- name: current
-- What an answer depends on: which database this is and since when it runs, the state of the rollups, and how many batches were ever committed.
SELECT (SELECT oid FROM pg_database WHERE datname = current_database())
    || '.' || (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint
    || '.' || version || '.' || (batches + (SELECT count(*) FROM pending_batches))
FROM rollup_state, merged_batches;
