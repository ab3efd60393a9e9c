-- name: followed
-- How many actors took each step of a funnel; db/funnel.py composes what is marked. As it stands: one step.
WITH events AS MATERIALIZED (
    SELECT e.user_id /* actor */ AS actor, e.occurred_at AS at, e.id, true AS step_1 /* steps */
    FROM analytics_events e
    WHERE e.occurred_at >= $1::timestamptz AND e.occurred_at < $2::timestamptz
        AND e.event_type = ANY ($3::text[]) AND e.user_id /* actor */ IS NOT NULL
        AND (true /* any step */)
        AND NOT EXISTS (
            SELECT FROM raw_gaps WHERE event_type = ANY ($3::text[]) AND raw_from > $1::timestamptz
        )
    LIMIT $5::bigint + 1
),
chain_1 AS (
    SELECT *, CASE WHEN $4::interval IS NOT NULL THEN at END AS start_1 FROM events
) /* chains */,
reached AS (
    SELECT bool_or(start_1 IS NOT NULL) AS reached_1 /* reached */
    FROM chain_1 /* last chain */
    GROUP BY actor
)
SELECT statement_timestamp() AS as_of,
       EXISTS (
           SELECT FROM raw_gaps WHERE event_type = ANY ($3::text[]) AND raw_from > $1::timestamptz
       ) OR (SELECT count(*) FROM events) > $5::bigint AS too_much,
       ARRAY[count(*) FILTER (WHERE reached_1) /* counts */] AS counts
FROM reached;
