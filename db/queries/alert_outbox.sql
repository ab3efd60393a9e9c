-- name: enqueue
-- One row for each event, channel and recipient of its severity; what is held back is kept with the reason.
INSERT INTO alert_outbox (
    history_id, alert_id, channel, recipient, severity, status, reason, next_attempt_at, created_at
)
SELECT n.history_id, n.alert_id, r.channel, r.recipient, n.severity,
       CASE WHEN n.notice = 'send' THEN 'pending' ELSE 'suppressed' END, nullif(n.notice, 'send'), n.at, n.at
FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
    AS n (history_id, alert_id, severity, notice, at)
JOIN notification_routes r ON r.severity = n.severity
ON CONFLICT (history_id, channel, recipient) DO NOTHING;
