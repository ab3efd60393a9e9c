WITH pending AS MATERIALIZED (
    SELECT batch_id, received_at FROM pending_batches WHERE first_at < $10::timestamptz AND last_at >= $9::timestamptz
),
tail AS MATERIALIZED (
    SELECT e.occurred_at, e.user_id
    FROM pending b
    CROSS JOIN LATERAL (
        SELECT * FROM analytics_events e
        WHERE e.batch_id = b.batch_id AND e.received_at = b.received_at OFFSET 0
    ) e
),
pass_0_0 AS (
    SELECT slot, overflow, coalesce(sum(n_0), 0)::bigint AS n_0, string_agg(sketch_0, ''::bytea) AS sketch_0
    FROM (
        SELECT 0 AS slot, false AS overflow,
               r.count AS n_0, CASE WHEN r.users_recent = '' THEN r.users ELSE r.users || r.users_recent END AS sketch_0
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
        SELECT 0 AS slot, false AS overflow,
               count(*) AS n_0, CASE WHEN count(e.user_id) > 0 THEN '\x00'::bytea || int4send((8 * count(e.user_id))::integer) || string_agg(int8send(hashtextextended(e.user_id, 0)), '') FILTER (WHERE e.user_id IS NOT NULL) ELSE '' END AS sketch_0
        FROM tail e WHERE (e.occurred_at >= $7::timestamptz AND e.occurred_at < $8::timestamptz) IS TRUE AND true AND true
        GROUP BY 1
    ) parts
    GROUP BY slot, overflow
)
SELECT -1 AS scan, (SELECT version::text FROM rollup_state) AS g1, statement_timestamp()::text AS g2,
       EXISTS (SELECT FROM pending)::text AS g3, NULL AS g4, NULL AS g5, false AS overflow,
       NULL::bytea AS slots, NULL::bytea AS first, NULL::bytea AS second,
       NULL::text[] AS sums, NULL::text[] AS minima, NULL::text[] AS maxima, NULL::bytea[] AS sketches
UNION ALL
SELECT 0, NULL, NULL, NULL, NULL, NULL, overflow, int4send(slot), int8send(n_0), NULL::bytea, NULL::text[], NULL::text[], NULL::text[], ARRAY[sketch_0]
FROM pass_0_0
WHERE true
