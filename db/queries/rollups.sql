-- name: try_lock
-- Be the only one who merges, seals or rebuilds, until the transaction ends.
SELECT pg_try_advisory_xact_lock(7215001);

-- name: lock
-- Wait to be the only one who merges, seals or rebuilds.
SELECT pg_advisory_xact_lock(7215001);

-- name: patience
-- How long to wait for locks, as 5s (0: for good), until the transaction ends.
SELECT set_config('lock_timeout', $1::text, true);

-- name: room
-- Room for grouping a run without spilling to disk, and one plan for runs of any size, until the transaction ends.
SELECT set_config('work_mem', '64MB', true), set_config('plan_cache_mode', 'force_generic_plan', true);

-- name: claim
-- The oldest pending batches, up to about $1 events.
SELECT batch_id, received_at, event_count, first_at, last_at, event_types
FROM (
    SELECT *, sum(event_count) OVER (ORDER BY batch_id) - event_count AS before
    FROM pending_batches
) b
WHERE before < $1::bigint
ORDER BY batch_id;

-- name: contents
-- The event types of some batches and the months that their events are in.
SELECT e.event_type, array_agg(DISTINCT date_trunc('month', e.occurred_at, 'UTC')) AS months
FROM unnest($1::bigint[], $2::timestamptz[]) AS b (batch_id, received_at)
CROSS JOIN LATERAL (
    SELECT event_type, occurred_at FROM analytics_events e
    WHERE e.batch_id = b.batch_id AND e.received_at = b.received_at OFFSET 0
) e
GROUP BY e.event_type;

-- name: done
-- The rollups hold these batches now.
DELETE FROM pending_batches WHERE batch_id = ANY ($1::bigint[]);

-- name: pending
-- How much is waiting to be merged, and since when.
SELECT count(*) AS batches, coalesce(sum(event_count), 0)::bigint AS events, min(received_at) AS oldest
FROM pending_batches;

-- name: sets
-- Every set that takes new events.
SELECT id, event_type, dimensions, measures, generation, state, complete_from
FROM rollup_sets WHERE state IN ('active', 'building') ORDER BY id;

-- name: levels
-- Until when each grain above the base is summed up.
SELECT grain, greatest(sealed_until, '0001-01-01T00:00Z') AS sealed_until
FROM rollup_levels ORDER BY grain FOR UPDATE;

-- name: add_level
-- Keep a grain from now on; it is summed up at the next sealing.
INSERT INTO rollup_levels (grain, sealed_until) VALUES ($1, '-infinity') ON CONFLICT DO NOTHING;

-- name: drop_level
-- Keep a grain no longer.
DELETE FROM rollup_levels WHERE grain = $1;

-- name: drop_level_rows
-- Remove the rows of a grain that is no longer kept.
DELETE FROM rollups WHERE grain = $1;

-- name: advance_level
-- The grain is summed up until $2.
UPDATE rollup_levels SET sealed_until = $2 WHERE grain = $1;

-- name: first_bucket
-- The first bucket of the base grain.
SELECT min(bucket) FROM rollups WHERE grain = 15;

-- name: touch_months
-- Remember that these months were written now.
INSERT INTO rollup_partitions (month, last_merged)
SELECT month, now() FROM unnest($1::date[]) AS month
ON CONFLICT (month) DO UPDATE SET last_merged = excluded.last_merged;

-- name: months_with_partitions
-- Of these months, those that have partitions already.
SELECT month FROM rollup_partitions WHERE month = ANY ($1::date[]);

-- name: lock_partitions
-- One maker of rollup partitions at a time, until the transaction ends.
SELECT pg_advisory_xact_lock(7215002);

-- name: note_rolled
-- Tell a running rebuild that its new generation has these batches already.
INSERT INTO rolled_meanwhile (batch_id)
SELECT unnest($1::bigint[]) WHERE EXISTS (SELECT FROM rollup_rebuilds WHERE state = 'running');

-- name: compact
-- Put the compacted sketches of a row in their place; null leaves one as it is.
UPDATE rollups SET
    users = coalesce($6, users),
    histogram1 = coalesce($7, histogram1),
    histogram2 = coalesce($8, histogram2),
    histogram3 = coalesce($9, histogram3),
    histogram4 = coalesce($10, histogram4)
WHERE set_id = $1 AND grain = $2 AND bucket = $3 AND key_hash = $4 AND part = $5;

-- name: crowded
-- Buckets of recently written months that hold more keys than $2 says for the type in $1; $3: the first real key.
SELECT r.set_id, r.grain, r.bucket, s.event_type, s.dimensions
FROM unnest($1::text[], $2::integer[]) AS l (event_type, max_keys)
JOIN rollup_sets s ON s.event_type = l.event_type AND s.state = 'active'
    AND s.dimensions NOT IN ('{}', '{currency}')
JOIN rollup_partitions p ON p.last_merged > now() - interval '10 minutes'
JOIN rollups r ON r.set_id = s.id AND r.part = 0
    AND r.key_hash >= $3::uuid
    AND r.bucket >= p.month::timestamp AT TIME ZONE 'UTC'
    AND r.bucket < (p.month + interval '1 month') AT TIME ZONE 'UTC'
GROUP BY r.set_id, r.grain, r.bucket, s.event_type, s.dimensions, l.max_keys
HAVING count(*) > l.max_keys;
