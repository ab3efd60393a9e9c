-- name: active
-- Silences that hold at $1.
SELECT * FROM alert_silences WHERE starts_at <= $1 AND ends_at > $1 ORDER BY starts_at, id;

-- name: add
-- A new silence.
INSERT INTO alert_silences (id, matchers, starts_at, ends_at, comment, created_by)
VALUES ($1, $2::jsonb, $3, $4, $5, $6);

-- name: expire
-- End a silence now, if it has not ended yet.
UPDATE alert_silences SET ends_at = greatest($2, starts_at), expired_by = $3
WHERE id = $1 AND ends_at > $2
RETURNING *;

-- name: latest
-- The newest silences.
SELECT * FROM alert_silences ORDER BY ends_at DESC, id LIMIT $1;
