-- name: insert
-- A new config; nothing where the name is taken.
INSERT INTO alert_configs (
    id, name, severity, enabled, definition, created_at, created_by, updated_at, updated_by
)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $6, $7)
ON CONFLICT (name) DO NOTHING
RETURNING *;

-- name: name_taken
-- Whether another config has the name.
SELECT EXISTS (SELECT FROM alert_configs WHERE name = $1 AND id <> $2);

-- name: update
-- The config as it is from now on.
UPDATE alert_configs
SET name = $2, severity = $3, enabled = $4, definition = $5::jsonb, version = version + 1, updated_at = $6,
    updated_by = $7
WHERE id = $1
RETURNING *;

-- name: delete
-- Gone, with its place in the schedule.
DELETE FROM alert_configs WHERE id = $1;

-- name: lock
-- One config, held until the transaction ends.
SELECT * FROM alert_configs WHERE id = $1 FOR UPDATE;

-- name: by_ids
-- These configs and how their last evaluations went.
SELECT c.*, s.evaluated_at, s.problem
FROM alert_configs c LEFT JOIN alert_schedule s ON s.config_id = c.id
WHERE c.id = ANY ($1::uuid[]);

-- name: by_names
-- The ids of the configs of these names.
SELECT name, id FROM alert_configs WHERE name = ANY ($1::text[]);

-- name: page
-- Configs by name, after the name of the cursor.
SELECT c.*, s.evaluated_at, s.problem
FROM alert_configs c LEFT JOIN alert_schedule s ON s.config_id = c.id
WHERE $1::text IS NULL OR c.name > $1
ORDER BY c.name
LIMIT $2;
