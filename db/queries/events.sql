-- name: claim_ids
-- Enter new ids (sorted, each once) and a batch of as many events; tells the batch and the ids that were taken before.
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
)
SELECT
    (SELECT batch_id FROM batch) AS batch_id,
    CASE
        WHEN (SELECT count(*) FROM fresh) = cardinality($1) THEN '{}'
        ELSE ARRAY(SELECT id FROM given EXCEPT SELECT id FROM fresh)
    END AS taken;

-- name: digests
-- The digests of ids that are taken.
SELECT id, digest FROM event_ids WHERE id = ANY ($1::uuid[]);
