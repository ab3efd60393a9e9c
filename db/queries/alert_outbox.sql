-- name: enqueue
-- One row for each event and destination of its severity, or that had news of the alert before. In-app is
-- delivered by being there; what is held back is kept with the reason; the rest is looked at from $6 on, when
-- more may have gathered.
INSERT INTO alert_outbox (
    history_id, alert_id, channel, recipient, severity, status, reason, next_attempt_at, created_at, delivered_at
)
SELECT n.history_id, n.alert_id, d.channel, d.recipient, n.severity,
       CASE
           WHEN n.notice <> 'send' THEN 'suppressed'
           WHEN d.channel = 'in_app' THEN 'delivered'
           ELSE 'pending'
       END,
       nullif(n.notice, 'send'), n.due_at, n.at,
       CASE WHEN n.notice = 'send' AND d.channel = 'in_app' THEN n.at END
FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
    AS n (history_id, alert_id, severity, notice, at, due_at)
CROSS JOIN LATERAL (
    SELECT channel, recipient FROM notification_destinations
    WHERE severity = n.severity AND after = '0'
    UNION
    SELECT channel, recipient FROM alert_outbox WHERE alert_id = n.alert_id
) d
ON CONFLICT (history_id, channel, recipient) DO NOTHING;
