-- name: page
-- A page of raw events, newest first; the conditions are composed by db/event_rows.py.
SELECT e.id, e.client_id, e.occurred_at, e.received_at, e.event_type, e.source, e.user_id, e.device_id,
       e.session_id, e.correlation_id, e.duration_ms, e.status_code, e.error_message, e.provider,
       e.value, e.currency, e.cost, e.properties
FROM analytics_events AS e
WHERE true /* conditions */
ORDER BY e.occurred_at DESC, e.id DESC
LIMIT $1;

-- name: gaps
-- How far back raw events are complete, for types whose gap reaches into a range that starts at $1.
SELECT event_type, raw_from
FROM raw_gaps
WHERE raw_from > $1 AND ($2::text[] IS NULL OR event_type = ANY ($2::text[]))
ORDER BY event_type;
