-- name: current
-- What an answer depends on: the state of the rollups, and how many batches were ever committed.
SELECT version || '.' || (batches + (SELECT count(*) FROM pending_batches))
FROM rollup_state, merged_batches;
