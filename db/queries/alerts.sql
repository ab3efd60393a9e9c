-- name: open
-- Alerts that fire now.
INSERT INTO alerts (
    id, config_id, name, severity, labels, runbook_url, threshold, group_key, status, triggered_at, value, reason
)
SELECT id, config_id, name, severity, labels::jsonb, runbook_url, threshold, group_key, 'firing', triggered_at,
       value, reason
FROM unnest(
    $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::text[],
    $9::timestamptz[], $10::float8[], $11::text[]
) AS n (
    id, config_id, name, severity, labels, runbook_url, threshold, group_key, triggered_at, value, reason
);

-- name: close
-- Alerts that are over: each with its time, who ended it (null: it ended by itself) and why.
UPDATE alerts a
SET status = 'resolved', resolved_at = n.at, resolved_by = n.subject, resolution = n.reason
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[]) AS n (id, at, subject, reason)
WHERE a.id = n.id AND a.status <> 'resolved';

-- name: lock
-- These alerts, held in a fixed order until the transaction ends.
SELECT * FROM alerts WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE;

-- name: acknowledge
-- Someone is at it; an alert that is not firing any more stays as it is.
UPDATE alerts
SET status = 'acknowledged', acknowledged_at = $2, acknowledged_by = $3
WHERE id = ANY ($1::uuid[]) AND status = 'firing'
RETURNING id;

-- name: by_ids
-- These alerts.
SELECT * FROM alerts WHERE id = ANY ($1::uuid[]);

-- name: page
-- Alerts by status ($1), severity ($2), config ($3), when they fired ($4 to $5), each null for any; the newest
-- first, after the cursor ($6, $7).
SELECT * FROM alerts
WHERE ($1::text[] IS NULL OR status = ANY ($1))
    AND ($2::text[] IS NULL OR severity = ANY ($2))
    AND ($3::uuid[] IS NULL OR config_id = ANY ($3))
    AND ($4::timestamptz IS NULL OR triggered_at >= $4)
    AND ($5::timestamptz IS NULL OR triggered_at < $5)
    AND ($6::timestamptz IS NULL OR (triggered_at, id) < ($6, $7::uuid))
ORDER BY triggered_at DESC, id DESC
LIMIT $8;
