WITH pending AS MATERIALIZED (
    SELECT batch_id, received_at FROM pending_batches WHERE first_at < $20::timestamptz AND last_at >= $19::timestamptz
),
tail AS MATERIALIZED (
    SELECT e.currency, e.event_type, e.occurred_at, e.properties, e.value
    FROM pending b
    CROSS JOIN LATERAL (
        SELECT * FROM analytics_events e
        WHERE e.batch_id = b.batch_id AND e.received_at = b.received_at OFFSET 0
    ) e
),
pass_0_0 AS (
    SELECT slot, g1, overflow, coalesce(sum(n_0), 0)::bigint AS n_0
    FROM (
        SELECT 0 AS slot, r.d1 AS g1, r.overflow AS overflow,
               r.count AS n_0
        FROM unnest($1::integer[], $2::timestamptz[], $3::timestamptz[]) AS s (grain, low, high)
        CROSS JOIN LATERAL (
            SELECT *, key_hash < '00000000-0000-0001-0000-000000000000' AS overflow
            FROM rollups
            WHERE set_id = $6::integer AND grain = s.grain
                AND bucket >= s.low AND bucket < s.high
                AND bucket >= $4::timestamptz AND bucket < $5::timestamptz OFFSET 0
        ) r
        WHERE true
        UNION ALL
        SELECT 0 AS slot, (e.properties #>> '{"collection"}') AS g1, false AS overflow,
               count(*) AS n_0
        FROM tail e WHERE (e.occurred_at >= $7::timestamptz AND e.occurred_at < $8::timestamptz) IS TRUE AND e.event_type = $9::text AND true
        GROUP BY 1, 2
    ) parts
    GROUP BY slot, g1, overflow
),
pass_0_1 AS (
    SELECT slot, g1, g2, overflow, coalesce(sum(n_1), 0)::bigint AS n_1, sum(total_1) AS total_1
    FROM (
        SELECT 0 AS slot, r.d1 AS g1, r.d2 AS g2, r.overflow AS overflow,
               CASE WHEN r.part = 0 THEN r.n3 END AS n_1, CASE WHEN r.part = 0 THEN r.sum3 END AS total_1
        FROM unnest($10::integer[], $11::timestamptz[], $12::timestamptz[]) AS s (grain, low, high)
        CROSS JOIN LATERAL (
            SELECT *, key_hash < '00000000-0000-0001-0000-000000000000' AS overflow
            FROM rollups
            WHERE set_id = $15::integer AND grain = s.grain
                AND bucket >= s.low AND bucket < s.high
                AND bucket >= $13::timestamptz AND bucket < $14::timestamptz OFFSET 0
        ) r
        WHERE true
        UNION ALL
        SELECT 0 AS slot, (e.properties #>> '{"collection"}') AS g1, e.currency AS g2, false AS overflow,
               count(e.value) AS n_1, sum(e.value) AS total_1
        FROM tail e WHERE (e.occurred_at >= $16::timestamptz AND e.occurred_at < $17::timestamptz) IS TRUE AND e.event_type = $18::text AND true
        GROUP BY 1, 2, 3
    ) parts
    GROUP BY slot, g1, g2, overflow
)
SELECT -1 AS scan, (SELECT version::text FROM rollup_state) AS g1, statement_timestamp()::text AS g2,
       EXISTS (SELECT FROM pending)::text AS g3, NULL AS g4, NULL AS g5, false AS overflow,
       NULL::bytea AS slots, NULL::bytea AS first, NULL::bytea AS second,
       NULL::text[] AS sums, NULL::text[] AS minima, NULL::text[] AS maxima, NULL::bytea[] AS sketches
UNION ALL
SELECT 0, g1, NULL, NULL, NULL, NULL, overflow, int4send(slot), int8send(n_0), NULL::bytea, NULL::text[], NULL::text[], NULL::text[], NULL::bytea[]
FROM pass_0_0
WHERE true
UNION ALL
SELECT 1, g1, g2, NULL, NULL, NULL, overflow, int4send(slot), int8send(n_1), NULL::bytea, ARRAY[total_1::text], NULL::text[], NULL::text[], NULL::bytea[]
FROM pass_0_1
WHERE n_1 > 0
