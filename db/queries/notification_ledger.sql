-- name: of_alerts
-- Every notification of these alerts, and how far its message is.
SELECT o.id, o.alert_id, h.event, o.channel, o.recipient, o.status, o.created_at, o.delivered_at, o.provider_id,
       o.last_error,
       CASE WHEN o.status = 'pending' THEN coalesce(m.reason, o.reason, 'due') ELSE o.reason END AS reason,
       coalesce(m.due_at, o.next_attempt_at) AS next_at, greatest(o.attempts, m.attempts, 0) AS attempts,
       (
           SELECT count(*) FROM notification_attempts t
           WHERE t.message_id = o.message_id AND t.outcome = 'unknown'
       ) AS unknown_attempts
FROM alert_outbox o
JOIN alert_history h ON h.id = o.history_id
LEFT JOIN notification_messages m ON m.id = o.message_id
WHERE o.alert_id = ANY ($1::uuid[])
ORDER BY o.id;

-- name: inbox
-- What is in-app for these recipients ($2) and severities ($3), the newest first, before a cursor ($4); with $5
-- only what the subject ($1) has not read.
SELECT o.id, o.created_at, h.event, o.alert_id, h.config_id, o.severity, h.name, h.group_key, h.value, h.threshold,
       h.reason, r.read_at
FROM alert_outbox o
JOIN alert_history h ON h.id = o.history_id
LEFT JOIN notification_reads r ON r.subject = $1 AND r.outbox_id = o.id
WHERE o.channel = 'in_app' AND o.status = 'delivered' AND o.recipient = ANY ($2::text[])
    AND o.severity = ANY ($3::text[]) AND ($4::bigint IS NULL OR o.id < $4) AND (NOT $5 OR r.read_at IS NULL)
ORDER BY o.id DESC
LIMIT $6;

-- name: inbox_since
-- The same after a cursor, oldest first; ids become visible in order.
SELECT o.id, o.created_at, h.event, o.alert_id, h.config_id, o.severity, h.name, h.group_key, h.value, h.threshold,
       h.reason, r.read_at
FROM alert_outbox o
JOIN alert_history h ON h.id = o.history_id
LEFT JOIN notification_reads r ON r.subject = $1 AND r.outbox_id = o.id
WHERE o.channel = 'in_app' AND o.status = 'delivered' AND o.recipient = ANY ($2::text[])
    AND o.severity = ANY ($3::text[]) AND o.id > $4
ORDER BY o.id
LIMIT $5;

-- name: delivered_since
-- What came in-app to anybody after a cursor, oldest first, as nobody has read it.
SELECT o.id, o.created_at, h.event, o.alert_id, h.config_id, o.severity, h.name, h.group_key, h.value, h.threshold,
       h.reason, NULL::timestamptz AS read_at, o.recipient
FROM alert_outbox o
JOIN alert_history h ON h.id = o.history_id
WHERE o.channel = 'in_app' AND o.status = 'delivered' AND o.id > $1
ORDER BY o.id
LIMIT $2;

-- name: last_delivered
-- The newest cursor in-app; 0 where there is none.
SELECT coalesce(max(id), 0) FROM alert_outbox WHERE channel = 'in_app' AND status = 'delivered';

-- name: unread
-- How much of it the subject has not read.
SELECT count(*) FROM alert_outbox o
WHERE o.channel = 'in_app' AND o.status = 'delivered' AND o.recipient = ANY ($2::text[])
    AND o.severity = ANY ($3::text[])
    AND NOT EXISTS (SELECT FROM notification_reads r WHERE r.subject = $1 AND r.outbox_id = o.id);

-- name: mark_read
-- The subject has read these ($4), or all up to now (null).
INSERT INTO notification_reads (subject, outbox_id, read_at)
SELECT $1, o.id, $5 FROM alert_outbox o
WHERE o.channel = 'in_app' AND o.status = 'delivered' AND o.recipient = ANY ($2::text[])
    AND o.severity = ANY ($3::text[]) AND ($4::bigint[] IS NULL OR o.id = ANY ($4))
ON CONFLICT DO NOTHING;
