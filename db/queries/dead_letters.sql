-- name: keep
-- Keep refused events with their reasons.
INSERT INTO dead_letters (received_at, origin, subject, code, field, message, body, truncated)
SELECT $1, $2, $3, code, field, message, body, truncated
FROM unnest($4::text[], $5::text[], $6::text[], $7::bytea[], $8::boolean[])
    AS refused (code, field, message, body, truncated);

-- name: page
-- Dead letters in order behind a number; code and origin narrow it where they are given.
SELECT id, received_at, origin, subject, code, field, message, body, truncated, replayed_at
FROM dead_letters
WHERE id > coalesce($1::bigint, 0)
    AND ($2::text IS NULL OR code = $2)
    AND ($3::text IS NULL OR origin = $3)
    AND ($4::boolean OR replayed_at IS NULL)
ORDER BY id
LIMIT $5;

-- name: lock
-- Hold an open letter; none where it was replayed or is being replayed.
SELECT id FROM dead_letters WHERE id = $1 AND replayed_at IS NULL FOR UPDATE SKIP LOCKED;

-- name: mark_replayed
-- Close a letter whose event is stored now.
UPDATE dead_letters SET replayed_at = $2 WHERE id = $1;
