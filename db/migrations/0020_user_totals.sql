-- What each user did in all, by event type: exact, and for as long as the database lives.

SELECT pg_advisory_xact_lock(7215001);         -- no merge between the count below and the first of the new kind

CREATE TABLE user_totals (
    user_id        text        NOT NULL,
    event_type     text        NOT NULL,
    count          bigint      NOT NULL,
    error_count    bigint      NOT NULL,
    duration_count bigint      NOT NULL,       -- events that have a duration
    duration_sum   numeric     NOT NULL,
    first_at       timestamptz NOT NULL,
    last_at        timestamptz NOT NULL,
    PRIMARY KEY (user_id, event_type)
) WITH (fillfactor = 80);
COMMENT ON TABLE user_totals IS
    'Events of each user that the rollups hold, by type; added to in the transaction that merges their batches.';

CREATE TABLE user_totals_building (LIKE user_totals INCLUDING ALL);
COMMENT ON TABLE user_totals_building IS
    'The same counted anew by a rebuild; takes the place of the old for types whose raw events are all there.';

INSERT INTO user_totals
SELECT user_id, event_type, count(*),
       count(*) FILTER (WHERE (status_code >= 400 OR error_message IS NOT NULL) IS TRUE),
       count(duration_ms), coalesce(sum(duration_ms), 0), min(occurred_at), max(occurred_at)
FROM analytics_events
WHERE user_id IS NOT NULL AND batch_id NOT IN (SELECT batch_id FROM pending_batches)
GROUP BY user_id, event_type;
