-- name: standings
-- Where all groups of these configs stand, held until the transaction ends.
SELECT * FROM alert_states WHERE config_id = ANY ($1::uuid[]) ORDER BY config_id, group_key FOR UPDATE;

-- name: hold
-- One at a time for a config, by its id as text.
SELECT pg_advisory_xact_lock(7215003, hashtext($1));

-- name: standing_of_alert
-- Where the group of an open alert stands, held until the transaction ends.
SELECT s.* FROM alert_states s
JOIN alerts a ON a.config_id = s.config_id AND a.group_key = s.group_key
WHERE a.id = $1 AND s.alert_id = $1 AND s.open
FOR UPDATE OF s;

-- name: look
-- Where all groups of these configs stand, without holding them.
SELECT * FROM alert_states WHERE config_id = ANY ($1::uuid[]) ORDER BY config_id, group_key;

-- name: save
-- Where groups stand now.
INSERT INTO alert_states (
    config_id, group_key, phase, since, breached_since, cleared_since, open, alert_id, told_open, told_at,
    seen_at, value, compared, reason, detector
)
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::boolean[],
    $8::uuid[], $9::boolean[], $10::timestamptz[], $11::timestamptz[], $12::float8[], $13::float8[],
    $14::text[], $15::bytea[]
)
ON CONFLICT (config_id, group_key) DO UPDATE SET
    phase = excluded.phase,
    since = excluded.since,
    breached_since = excluded.breached_since,
    cleared_since = excluded.cleared_since,
    open = excluded.open,
    alert_id = excluded.alert_id,
    told_open = excluded.told_open,
    told_at = excluded.told_at,
    seen_at = excluded.seen_at,
    value = excluded.value,
    compared = excluded.compared,
    reason = excluded.reason,
    detector = excluded.detector,
    version = alert_states.version + 1;

-- name: forget
-- Groups that are gone.
DELETE FROM alert_states s
USING unnest($1::uuid[], $2::text[]) AS n (config_id, group_key)
WHERE s.config_id = n.config_id AND s.group_key = n.group_key;

-- name: forget_config
-- All groups of a config.
DELETE FROM alert_states WHERE config_id = $1;
