WITH pending AS MATERIALIZED (
    SELECT batch_id, received_at FROM pending_batches WHERE first_at < $8::timestamptz AND last_at >= $7::timestamptz
),
tail AS MATERIALIZED (
    SELECT e.batch_id, e.event_type, e.occurred_at, e.properties
    FROM pending b
    CROSS JOIN LATERAL (
        SELECT * FROM analytics_events e
        WHERE e.batch_id = b.batch_id AND e.received_at = b.received_at OFFSET 0
    ) e
),
pass_0_0 AS (
    SELECT slot, g1, g2, overflow, coalesce(sum(n_0), 0)::bigint AS n_0, coalesce(sum(n_1), 0)::bigint AS n_1, sum(total_1) AS total_1
    FROM (
        SELECT 0 AS slot, (e.properties #>> '{"fragile"}') AS g1, (e.properties #>> '{"address","zone","code"}') AS g2, false AS overflow,
               count(*) AS n_0, count(CASE WHEN jsonb_typeof(e.properties #> '{"size","weight"}') = 'number' THEN (e.properties #>> '{"size","weight"}')::numeric END) AS n_1, sum(CASE WHEN jsonb_typeof(e.properties #> '{"size","weight"}') = 'number' THEN (e.properties #>> '{"size","weight"}')::numeric END) AS total_1
        FROM unnest($1::timestamptz[], $2::timestamptz[]) AS s (low, high)
        CROSS JOIN LATERAL (
            SELECT * FROM analytics_events
            WHERE occurred_at >= s.low AND occurred_at < s.high OFFSET 0
        ) e
        WHERE e.batch_id NOT IN (SELECT batch_id FROM pending_batches) AND e.event_type = $3::text AND true
        GROUP BY 1, 2, 3
        UNION ALL
        SELECT 0 AS slot, (e.properties #>> '{"fragile"}') AS g1, (e.properties #>> '{"address","zone","code"}') AS g2, false AS overflow,
               count(*) AS n_0, count(CASE WHEN jsonb_typeof(e.properties #> '{"size","weight"}') = 'number' THEN (e.properties #>> '{"size","weight"}')::numeric END) AS n_1, sum(CASE WHEN jsonb_typeof(e.properties #> '{"size","weight"}') = 'number' THEN (e.properties #>> '{"size","weight"}')::numeric END) AS total_1
        FROM tail e WHERE (e.occurred_at >= $4::timestamptz AND e.occurred_at < $5::timestamptz) IS TRUE AND e.event_type = $6::text AND true
        GROUP BY 1, 2, 3
    ) parts
    GROUP BY slot, g1, g2, overflow
)
SELECT -1 AS scan, (SELECT version::text FROM rollup_state) AS g1, statement_timestamp()::text AS g2,
       EXISTS (SELECT FROM pending)::text AS g3, NULL AS g4, NULL AS g5, false AS overflow,
       NULL::bytea AS slots, NULL::bytea AS first, NULL::bytea AS second,
       NULL::text[] AS sums, NULL::text[] AS minima, NULL::text[] AS maxima, NULL::bytea[] AS sketches
UNION ALL
SELECT 0, g1, g2, NULL, NULL, NULL, overflow, int4send(slot), int8send(n_0), NULL::bytea, NULL::text[], NULL::text[], NULL::text[], NULL::bytea[]
FROM pass_0_0
WHERE true
UNION ALL
SELECT 1, g1, g2, NULL, NULL, NULL, overflow, int4send(slot), int8send(n_1), NULL::bytea, ARRAY[total_1::text], NULL::text[], NULL::text[], NULL::bytea[]
FROM pass_0_0
WHERE n_1 > 0
