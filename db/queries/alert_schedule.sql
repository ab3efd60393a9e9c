-- name: claim
-- Due configs that no other worker has, locked until the transaction ends: at most $2, and as many as have $3
-- states together, but always one. `found` is how many there were before that second bound.
SELECT s.config_id, s.due_at, s.fed_until, s.problem, s.found, c.version, c.definition
FROM (
    SELECT locked.*, count(*) OVER () AS found,
           sum(greatest(g.states, 1)) OVER (ORDER BY due_at, config_id ROWS UNBOUNDED PRECEDING) AS states,
           row_number() OVER (ORDER BY due_at, config_id) AS place
    FROM (
        SELECT config_id, due_at, fed_until, problem
        FROM alert_schedule
        WHERE due_at <= $1
        ORDER BY due_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ) locked
    CROSS JOIN LATERAL (
        SELECT count(*) AS states FROM alert_states a WHERE a.config_id = locked.config_id
    ) g
) s
JOIN alert_configs c ON c.id = s.config_id
WHERE s.states <= $3 OR s.place = 1;

-- name: record_evaluations
-- The one evaluation of each config and slot; what is not returned was evaluated before.
INSERT INTO alert_evaluations (slot, config_id, missed)
SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::integer[])
ON CONFLICT DO NOTHING
RETURNING config_id;

-- name: advance
-- When each config is due again, and how its evaluation went.
UPDATE alert_schedule s
SET due_at = n.due_at,
    fed_until = n.fed_until,
    problem = n.problem,
    evaluated_at = n.evaluated_at
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::timestamptz[])
    AS n (config_id, due_at, fed_until, problem, evaluated_at)
WHERE s.config_id = n.config_id;

-- name: put
-- Make a config due at once; $2: its detector is shown everything anew.
INSERT INTO alert_schedule (config_id, due_at)
VALUES ($1, $3)
ON CONFLICT (config_id) DO UPDATE
SET due_at = excluded.due_at,
    fed_until = CASE WHEN $2 THEN NULL ELSE alert_schedule.fed_until END;

-- name: drop
-- No more evaluations of a config; waits for the one that is under way.
DELETE FROM alert_schedule WHERE config_id = $1;

-- name: missed
-- Evaluations that nobody made since $1, and configs that have been due since before $2.
SELECT (SELECT coalesce(sum(missed), 0) FROM alert_evaluations WHERE slot >= $1)::bigint AS missed,
       (SELECT count(*) FROM alert_schedule WHERE due_at < $2)::bigint AS overdue;

-- name: forget
-- Drop claims of before $1, at most $2 of them.
DELETE FROM alert_evaluations
WHERE (slot, config_id) IN (
    SELECT slot, config_id FROM alert_evaluations WHERE slot < $1 ORDER BY slot LIMIT $2
);
