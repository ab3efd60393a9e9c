-- name: record
-- Who changed what, from what to what; belongs into the transaction of the change.
INSERT INTO audit_log (subject, action, object_type, object_id, before, after)
VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb);

-- name: page
-- Changes by subject ($1), action ($2), type ($3) and id ($4) of the object, and when they were made ($5 to $6),
-- each null for any; the newest first, of those before the id $7.
SELECT id, at, subject, action, object_type, object_id, before, after FROM audit_log
WHERE ($1::text IS NULL OR subject = $1)
    AND ($2::text IS NULL OR action = $2)
    AND ($3::text IS NULL OR object_type = $3)
    AND ($4::text IS NULL OR object_id = $4)
    AND ($5::timestamptz IS NULL OR at >= $5)
    AND ($6::timestamptz IS NULL OR at < $6)
    AND ($7::bigint IS NULL OR id < $7)
ORDER BY id DESC
LIMIT $8;
