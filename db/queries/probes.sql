-- name: one
-- Whether the server answers.
SELECT 1;

-- name: tail
-- How much is committed and not yet in the rollups, and since when.
SELECT count(*) AS batches, coalesce(sum(event_count), 0) AS events, min(received_at) AS oldest
FROM pending_batches;

-- name: backlog
-- What people should look at: events that were refused, messages on their way and given up, alerts that are open by
-- severity, and for how many seconds the evaluation that waits longest has been due.
SELECT (SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL) AS dead_letters,
       (SELECT count(*) FROM notification_messages WHERE status = 'pending') AS messages_pending,
       (SELECT count(*) FROM notification_messages WHERE status = 'dead') AS messages_dead,
       (SELECT coalesce(json_object_agg(severity, open), '{}')
        FROM (SELECT severity, count(*) AS open FROM alerts WHERE status <> 'resolved' GROUP BY severity) o
       )::text AS alerts,
       (SELECT greatest(extract(epoch FROM now() - min(due_at)), 0) FROM alert_schedule)::float8 AS evaluation_late;

-- name: is_empty
-- Whether no event was ever accepted.
SELECT NOT EXISTS (SELECT FROM event_ids);

-- name: server
-- What the doctor wants to know of the server.
SELECT current_setting('server_version_num')::int AS version, clock_timestamp() AS now,
       current_setting('max_connections')::int AS max_connections,
       pg_database_size(current_database()) AS bytes;
