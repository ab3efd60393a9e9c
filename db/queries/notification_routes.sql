-- name: all
-- Every route.
SELECT * FROM notification_routes
ORDER BY array_position(ARRAY['critical', 'warning', 'info'], severity), after, channel, recipient;

-- name: lock
-- Whoever changes the routes does so alone.
LOCK TABLE notification_routes IN SHARE ROW EXCLUSIVE MODE;

-- name: clear
-- Without routes, to be followed by add.
DELETE FROM notification_routes;

-- name: add
-- Routes.
INSERT INTO notification_routes (severity, channel, recipient, after, repeat_every)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::interval[], $5::interval[]);

-- name: follow_up
-- Alerts that nobody acknowledged, with destinations to tell first (escalation) or again (repeat) by now.
SELECT a.id, d.channel, d.recipient, d.after, l.told = 0 AS escalates
FROM alerts a
JOIN notification_destinations d ON d.severity = a.severity
CROSS JOIN LATERAL (
    SELECT count(*) AS told, max(o.created_at) AS last_at,
           coalesce(bool_or(o.status = 'pending'), false) AS waiting
    FROM alert_outbox o
    WHERE o.alert_id = a.id AND o.channel = d.channel AND o.recipient = d.recipient
) l
WHERE a.status = 'firing' AND a.status <> 'resolved'
    AND CASE
        WHEN l.told = 0 THEN d.after > '0' AND a.triggered_at + d.after <= $1
        ELSE NOT l.waiting AND l.last_at + d.repeat_every <= $1
    END
ORDER BY a.id
LIMIT $2
FOR UPDATE OF a SKIP LOCKED;

-- name: enqueue_follow_up
-- News for given destinations.
INSERT INTO alert_outbox (
    history_id, alert_id, channel, recipient, severity, status, next_attempt_at, created_at, delivered_at
)
SELECT n.history_id, n.alert_id, n.channel, n.recipient, n.severity,
       CASE WHEN n.channel = 'in_app' THEN 'delivered' ELSE 'pending' END, $6::timestamptz, $6::timestamptz,
       CASE WHEN n.channel = 'in_app' THEN $6::timestamptz END
FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[])
    AS n (history_id, alert_id, channel, recipient, severity)
ON CONFLICT (history_id, channel, recipient) DO NOTHING;
