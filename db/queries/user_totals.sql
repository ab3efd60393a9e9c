-- name: add
-- Add the events of some batches to the totals of their users, and to those that a running rebuild makes.
WITH added AS (
    SELECT e.user_id, e.event_type, count(*) AS count,
           count(*) FILTER (WHERE (e.status_code >= 400 OR e.error_message IS NOT NULL) IS TRUE) AS error_count,
           count(e.duration_ms) AS duration_count, coalesce(sum(e.duration_ms), 0) AS duration_sum,
           min(e.occurred_at) AS first_at, max(e.occurred_at) AS last_at
    FROM unnest($1::bigint[], $2::timestamptz[]) AS b (batch_id, received_at)
    CROSS JOIN LATERAL (
        SELECT * FROM analytics_events e
        WHERE e.batch_id = b.batch_id AND e.received_at = b.received_at OFFSET 0
    ) e
    WHERE e.user_id IS NOT NULL
    GROUP BY e.user_id, e.event_type
), building AS (
    INSERT INTO user_totals_building AS t
    SELECT * FROM added WHERE EXISTS (SELECT FROM rollup_rebuilds WHERE state = 'running')
    ON CONFLICT (user_id, event_type) DO UPDATE SET
        count = t.count + excluded.count,
        error_count = t.error_count + excluded.error_count,
        duration_count = t.duration_count + excluded.duration_count,
        duration_sum = t.duration_sum + excluded.duration_sum,
        first_at = least(t.first_at, excluded.first_at),
        last_at = greatest(t.last_at, excluded.last_at)
)
INSERT INTO user_totals AS t
SELECT * FROM added WHERE $3::boolean
ON CONFLICT (user_id, event_type) DO UPDATE SET
    count = t.count + excluded.count,
    error_count = t.error_count + excluded.error_count,
    duration_count = t.duration_count + excluded.duration_count,
    duration_sum = t.duration_sum + excluded.duration_sum,
    first_at = least(t.first_at, excluded.first_at),
    last_at = greatest(t.last_at, excluded.last_at);

-- name: begin
-- A rebuild counts from nothing.
DELETE FROM user_totals_building;

-- name: forget
-- The totals of rebuilt types go, where the rebuild counted all of their events: raw ones were never dropped.
DELETE FROM user_totals
WHERE event_type = ANY ($1::text[]) AND event_type NOT IN (SELECT event_type FROM raw_gaps);

-- name: take_over
-- The new totals of the same types come in their place.
INSERT INTO user_totals
SELECT * FROM user_totals_building
WHERE event_type = ANY ($1::text[]) AND event_type NOT IN (SELECT event_type FROM raw_gaps);

-- name: of_user
-- A user's totals by type, of the types in $2: what is merged and the tail, from one snapshot.
SELECT event_type, sum(count)::bigint AS count, sum(error_count)::bigint AS error_count,
       sum(duration_count)::bigint AS duration_count, sum(duration_sum) AS duration_sum,
       min(first_at) AS first_at, max(last_at) AS last_at,
       bool_or(tail) AS tail, statement_timestamp() AS as_of
FROM (
    SELECT event_type, count, error_count, duration_count, duration_sum, first_at, last_at,
           false AS tail
    FROM user_totals
    WHERE user_id = $1::text AND event_type = ANY ($2::text[])
    UNION ALL
    SELECT e.event_type, 1, ((e.status_code >= 400 OR e.error_message IS NOT NULL) IS TRUE)::integer,
           (e.duration_ms IS NOT NULL)::integer, coalesce(e.duration_ms, 0), e.occurred_at,
           e.occurred_at, true
    FROM pending_batches b
    CROSS JOIN LATERAL (
        SELECT * FROM analytics_events e
        WHERE e.batch_id = b.batch_id AND e.received_at = b.received_at OFFSET 0
    ) e
    WHERE e.user_id = $1::text AND e.event_type = ANY ($2::text[])
) parts
GROUP BY event_type
ORDER BY count DESC, event_type;
