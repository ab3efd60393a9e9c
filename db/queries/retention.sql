-- name: partitions
-- The daily tables of raw events, attached or left behind by a drop that was cut off.
SELECT c.relname AS name, substring(c.relname FROM '^(analytics_events_\d+d)_') AS parent,
       substring(c.relname FROM '^analytics_events_(\d+)d_')::integer AS raw_days,
       to_date(right(c.relname, 8), 'YYYYMMDD') AS day,
       i.inhrelid IS NOT NULL AS attached, coalesce(i.inhdetachpending, false) AS detaching
FROM pg_class c
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
WHERE c.relkind = 'r' AND c.relname ~ '^analytics_events_\d+d_\d{8}$' AND pg_table_is_visible(c.oid)
ORDER BY day;

-- name: lock
-- Not while rollups are merged or rebuilt.
SELECT pg_advisory_xact_lock(7215001);

-- name: rebuilding
-- Whether a rebuild still needs raw events.
SELECT EXISTS (SELECT FROM rollup_rebuilds WHERE state = 'running');

-- name: pending_between
-- Whether batches received in a span are not merged yet.
SELECT EXISTS (SELECT FROM pending_batches WHERE received_at >= $1 AND received_at < $2);

-- name: bump
-- Make every plan made before be made again.
UPDATE rollup_state SET version = version + 1;

-- name: old_months
-- Months that ended before $1 and were last written before it.
SELECT month FROM rollup_partitions
WHERE (month + interval '1 month') AT TIME ZONE 'UTC' <= $1 AND last_merged < $1
ORDER BY month;

-- name: forget_month
-- The month has no partition any more, and for ever lacks what was in it.
WITH gone AS (
    DELETE FROM rollup_partitions WHERE month = $1 RETURNING month
)
INSERT INTO rollup_gaps (month, dropped_at) SELECT month, now() FROM gone
ON CONFLICT (month) DO UPDATE SET dropped_at = excluded.dropped_at;
