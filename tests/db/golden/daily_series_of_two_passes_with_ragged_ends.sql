WITH pending AS MATERIALIZED (
    SELECT batch_id, received_at FROM pending_batches WHERE first_at < $18::timestamptz AND last_at >= $17::timestamptz
),
tail AS MATERIALIZED (
    SELECT e.batch_id, e.duration_ms, e.error_message, e.event_type, e.occurred_at, e.properties, e.status_code
    FROM pending b
    CROSS JOIN LATERAL (
        SELECT * FROM analytics_events e
        WHERE e.batch_id = b.batch_id AND e.received_at = b.received_at OFFSET 0
    ) e
),
pass_0_0 AS (
    SELECT slot, g1, overflow, coalesce(sum(n_0), 0)::bigint AS n_0, sum(errors_0)::bigint AS errors_0, coalesce(sum(n_1), 0)::bigint AS n_1, min(low_1) AS low_1, max(high_1) AS high_1, string_agg(sketch_1, ''::bytea) AS sketch_1
    FROM (
        SELECT width_bucket(r.bucket, $1::timestamptz[]) - 1 AS slot, r.d1 AS g1, r.overflow AS overflow,
               r.count AS n_0, r.error_count AS errors_0, CASE WHEN r.part = 0 THEN r.n1 END AS n_1, CASE WHEN r.part = 0 THEN r.min1 END AS low_1, CASE WHEN r.part = 0 THEN r.max1 END AS high_1, CASE WHEN r.part = 0 THEN CASE WHEN r.histogram1_recent = '' THEN r.histogram1 ELSE r.histogram1 || r.histogram1_recent END END AS sketch_1
        FROM unnest($2::integer[], $3::timestamptz[], $4::timestamptz[]) AS s (grain, low, high)
        CROSS JOIN LATERAL (
            SELECT *, key_hash < '00000000-0000-0001-0000-000000000000' AS overflow
            FROM rollups
            WHERE set_id = $8::integer AND grain = s.grain
                AND bucket >= s.low AND bucket < s.high
                AND bucket >= $5::timestamptz AND bucket < $6::timestamptz OFFSET 0
        ) r
        WHERE CASE WHEN r.overflow THEN true ELSE NOT ((coalesce(r.d2 = ANY ($7::text[]), false) OR r.d2 IS NULL)) END
        UNION ALL
        SELECT width_bucket(e.occurred_at, $1::timestamptz[]) - 1 AS slot, (e.properties #>> '{"endpoint"}') AS g1, false AS overflow,
               count(*) AS n_0, count(*) FILTER (WHERE (e.status_code >= 400 OR e.error_message IS NOT NULL) IS TRUE) AS errors_0, count(e.duration_ms) AS n_1, min(e.duration_ms) AS low_1, max(e.duration_ms) AS high_1, CASE WHEN count(e.duration_ms) > 0 THEN '\x00'::bytea || int4send((8 * count(e.duration_ms))::integer) || string_agg(float8send(e.duration_ms::float8), '') FILTER (WHERE e.duration_ms IS NOT NULL) ELSE '' END AS sketch_1
        FROM unnest($9::timestamptz[], $10::timestamptz[]) AS s (low, high)
        CROSS JOIN LATERAL (
            SELECT * FROM analytics_events
            WHERE occurred_at >= s.low AND occurred_at < s.high OFFSET 0
        ) e
        WHERE e.batch_id NOT IN (SELECT batch_id FROM pending_batches) AND e.event_type = $11::text AND NOT ((coalesce((e.properties #>> '{"method"}') = ANY ($12::text[]), false) OR (e.properties #>> '{"method"}') IS NULL))
        GROUP BY 1, 2
        UNION ALL
        SELECT width_bucket(e.occurred_at, $1::timestamptz[]) - 1 AS slot, (e.properties #>> '{"endpoint"}') AS g1, false AS overflow,
               count(*) AS n_0, count(*) FILTER (WHERE (e.status_code >= 400 OR e.error_message IS NOT NULL) IS TRUE) AS errors_0, count(e.duration_ms) AS n_1, min(e.duration_ms) AS low_1, max(e.duration_ms) AS high_1, CASE WHEN count(e.duration_ms) > 0 THEN '\x00'::bytea || int4send((8 * count(e.duration_ms))::integer) || string_agg(float8send(e.duration_ms::float8), '') FILTER (WHERE e.duration_ms IS NOT NULL) ELSE '' END AS sketch_1
        FROM tail e WHERE (e.occurred_at >= $13::timestamptz AND e.occurred_at < $14::timestamptz) IS TRUE AND e.event_type = $15::text AND NOT ((coalesce((e.properties #>> '{"method"}') = ANY ($16::text[]), false) OR (e.properties #>> '{"method"}') IS NULL))
        GROUP BY 1, 2
    ) parts
    GROUP BY slot, g1, overflow
)
SELECT -1 AS scan, (SELECT version::text FROM rollup_state) AS g1, statement_timestamp()::text AS g2,
       EXISTS (SELECT FROM pending)::text AS g3, NULL AS g4, NULL AS g5, false AS overflow,
       NULL::bytea AS slots, NULL::bytea AS first, NULL::bytea AS second,
       NULL::text[] AS sums, NULL::text[] AS minima, NULL::text[] AS maxima, NULL::bytea[] AS sketches
UNION ALL
SELECT 0, g1, NULL, NULL, NULL, NULL, overflow, string_agg(int4send(slot), ''), string_agg(int8send(n_0), ''), string_agg(int8send(errors_0), ''), NULL::text[], NULL::text[], NULL::text[], NULL::bytea[]
FROM pass_0_0
WHERE true
GROUP BY overflow, g1
UNION ALL
SELECT 1, g1, NULL, NULL, NULL, NULL, overflow, string_agg(int4send(slot), ''), string_agg(int8send(n_1), ''), NULL::bytea, NULL::text[], array_agg(low_1::text), array_agg(high_1::text), array_agg(sketch_1)
FROM pass_0_0
WHERE n_1 > 0
GROUP BY overflow, g1
