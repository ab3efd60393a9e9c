-- name: lock
-- From here to the end of the transaction nobody else adds history: ids become visible in order.
SELECT pg_advisory_xact_lock(7215002);

-- name: append
-- What happened, in this order.
INSERT INTO alert_history (
    at, event, config_id, alert_id, name, severity, group_key, labels, from_phase, to_phase, value, threshold,
    reason, subject, notice
)
SELECT at, event, config_id, alert_id, name, severity, group_key, labels::jsonb, from_phase, to_phase, value,
       threshold, reason, subject, notice
FROM unnest(
    $1::timestamptz[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::float8[], $12::float8[], $13::text[], $14::text[], $15::text[]
) WITH ORDINALITY AS n (
    at, event, config_id, alert_id, name, severity, group_key, labels, from_phase, to_phase, value, threshold,
    reason, subject, notice, place
)
ORDER BY place
RETURNING id;

-- name: since
-- The rows after a cursor, oldest first, of these severities ($2) and configs ($3), null for all.
SELECT * FROM alert_history
WHERE id > $1
    AND ($2::text[] IS NULL OR severity = ANY ($2))
    AND ($3::uuid[] IS NULL OR config_id = ANY ($3))
ORDER BY id
LIMIT $4;

-- name: last
-- The newest cursor; 0 without any history.
SELECT coalesce(max(id), 0) FROM alert_history;

-- name: of_alerts
-- All that happened to these alerts, oldest first.
SELECT * FROM alert_history WHERE alert_id = ANY ($1::uuid[]) ORDER BY id;
