-- name: store
-- Enter new ids (sorted, each once) and a batch of as many events; tells the batch and the ids that were taken before.
-- Of a JSON array of arrays (the columns of a line, then raw_days) the rows of new ids are stored along with it.
WITH given AS (
    SELECT id, digest
    FROM unnest($1::uuid[], $2::bigint[]) AS given (id, digest)
), fresh AS (
    INSERT INTO event_ids (id, digest)
    SELECT id, digest FROM given
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), batch AS (
    INSERT INTO pending_batches (batch_id, received_at, event_count, first_at, last_at, event_types)
    SELECT nextval('event_batch_ids'), $3, count(*), $4, $5, $6::text[] FROM fresh
    HAVING count(*) > 0
    RETURNING batch_id
), stored AS (
    INSERT INTO analytics_events (
        batch_id, received_at, id, client_id, event_type, occurred_at, source, user_id, device_id,
        session_id, correlation_id, duration_ms, status_code, error_message, provider, value,
        currency, cost, properties, raw_days
    )
    SELECT
        batch.batch_id, $3, fresh.id, line ->> 1, line ->> 2, (line ->> 3)::timestamptz, line ->> 4,
        line ->> 5, line ->> 6, line ->> 7, line ->> 8, (line ->> 9)::numeric,
        (line ->> 10)::smallint, line ->> 11, line ->> 12, (line ->> 13)::numeric, line ->> 14,
        (line ->> 15)::numeric, (line ->> 16)::jsonb, (line ->> 17)::smallint
    FROM batch, jsonb_array_elements($7::jsonb) AS line
    JOIN fresh ON fresh.id = (line ->> 0)::uuid
)
SELECT
    (SELECT batch_id FROM batch) AS batch_id,
    CASE
        WHEN (SELECT count(*) FROM fresh) = cardinality($1) THEN '{}'
        ELSE ARRAY(SELECT id FROM given EXCEPT SELECT id FROM fresh)
    END AS taken;

-- name: claim_new_ids
-- Enter ids that are all new (sorted, each once) and their batch, which it tells. A taken one is a unique violation.
WITH fresh AS (
    INSERT INTO event_ids (id, digest)
    SELECT id, digest FROM unnest($1::uuid[], $2::bigint[]) AS given (id, digest)
)
INSERT INTO pending_batches (batch_id, received_at, event_count, first_at, last_at, event_types)
VALUES (nextval('event_batch_ids'), $3, cardinality($1), $4, $5, $6::text[])
RETURNING batch_id;

-- name: digests
-- The digests of ids that are taken.
SELECT id, digest FROM event_ids WHERE id = ANY ($1::uuid[]);
