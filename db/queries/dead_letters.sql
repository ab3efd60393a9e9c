-- name: keep
-- Keep refused events with their reasons.
INSERT INTO dead_letters
    (received_at, origin, subject, code, field, message, body, truncated, record, import_id)
SELECT $1, $2, $3, code, field, message, body, truncated, record, $10
FROM unnest($4::text[], $5::text[], $6::text[], $7::bytea[], $8::boolean[], $9::bigint[])
    AS refused (code, field, message, body, truncated, record);

-- name: page
-- Dead letters in order behind a number; code and origin narrow it where they are given.
SELECT d.id, d.received_at, d.origin, d.subject, d.code, d.field, d.message, d.body, d.truncated,
       d.replayed_at, d.record, i.mapping, i.file_name, i.file_digest, i.columns
FROM dead_letters d
LEFT JOIN imports i ON i.id = d.import_id
WHERE d.id > coalesce($1::bigint, 0)
    AND ($2::text IS NULL OR d.code = $2)
    AND ($3::text IS NULL OR d.origin = $3)
    AND ($4::boolean OR d.replayed_at IS NULL)
ORDER BY d.id
LIMIT $5;

-- name: close_read_again
-- Close the open letters of records $3 < n <= $4 of a file, which its mapping reads once more.
UPDATE dead_letters d
SET replayed_at = $5
FROM imports i
WHERE d.import_id = i.id AND i.file_digest = $1 AND i.mapping = $2
    AND d.record > $3 AND d.record <= $4 AND d.replayed_at IS NULL;

-- name: lock
-- Hold an open letter; none where it was replayed or is being replayed.
SELECT id FROM dead_letters WHERE id = $1 AND replayed_at IS NULL FOR UPDATE SKIP LOCKED;

-- name: mark_replayed
-- Close a letter whose event is stored now.
UPDATE dead_letters SET replayed_at = $2 WHERE id = $1;
