-- name: over
-- Alerts that ended before $1 and of which nothing is still to be told, held until the transaction ends. Those
-- of the newest history row and the newest notification in-app stay: they are where cursors stand.
SELECT a.id FROM alerts a
WHERE a.status = 'resolved' AND a.resolved_at < $1
    AND a.id IS DISTINCT FROM (SELECT alert_id FROM alert_history ORDER BY id DESC LIMIT 1)
    AND a.id IS DISTINCT FROM (
        SELECT alert_id FROM alert_outbox WHERE channel = 'in_app' AND status = 'delivered'
        ORDER BY id DESC LIMIT 1
    )
    AND NOT EXISTS (
        SELECT FROM alert_outbox o LEFT JOIN notification_messages m ON m.id = o.message_id
        WHERE o.alert_id = a.id AND (o.status = 'pending' OR m.status = 'pending')
    )
    AND NOT EXISTS (
        SELECT FROM alert_states s
        WHERE s.config_id = a.config_id AND s.group_key = a.group_key AND s.alert_id = a.id AND s.told_open
    )
ORDER BY a.resolved_at
LIMIT $2
FOR UPDATE OF a SKIP LOCKED;

-- name: drop_outbox
-- What was told of these alerts, and who has read it.
DELETE FROM alert_outbox WHERE alert_id = ANY ($1::uuid[]);

-- name: drop_history
-- What happened to these alerts.
DELETE FROM alert_history WHERE alert_id = ANY ($1::uuid[]);

-- name: drop_alerts
-- The alerts.
DELETE FROM alerts WHERE id = ANY ($1::uuid[]);

-- name: drop_apart
-- Changes of before $1 that belong to no alert, at most $2; not the newest row, where cursors stand.
DELETE FROM alert_history WHERE id IN (
    SELECT h.id FROM alert_history h
    WHERE h.alert_id IS NULL AND h.at < $1 AND h.id < (SELECT max(id) FROM alert_history)
        AND NOT EXISTS (SELECT FROM alert_outbox o WHERE o.history_id = h.id)
    ORDER BY h.at LIMIT $2
);

-- name: drop_messages
-- Messages that ended before $1 and tell nothing that is still kept, at most $2, with their attempts.
DELETE FROM notification_messages WHERE id IN (
    SELECT m.id FROM notification_messages m
    WHERE m.status <> 'pending' AND m.ended_at < $1
        AND NOT EXISTS (SELECT FROM alert_outbox o WHERE o.message_id = m.id)
    ORDER BY m.ended_at LIMIT $2
);

-- name: drop_silences
-- Silences that ended before $1, at most $2.
DELETE FROM alert_silences WHERE id IN (
    SELECT id FROM alert_silences WHERE ends_at < $1 ORDER BY ends_at LIMIT $2
);
