-- name: record
-- Who changed what, from what to what; belongs into the transaction of the change.
INSERT INTO audit_log (subject, action, object_type, object_id, before, after)
VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb);
