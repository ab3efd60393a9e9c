-- name: look
-- Connections, statistics, sizes and lag, at once. No text of any query.
SELECT
    clock_timestamp() AS as_of,
    current_setting('server_version') AS version,
    current_setting('max_connections')::integer AS max_connections,
    a.*, d.*, p.*, s.sealed_until,
    pg_database_size(current_database()) AS bytes,
    to_regclass('pg_stat_statements')::text AS statements,
    t.names, t.sizes, t.counts
FROM (
    SELECT count(*)::integer AS total,
           (count(*) FILTER (WHERE state = 'active'))::integer AS active,
           (count(*) FILTER (WHERE state = 'idle'))::integer AS idle,
           (count(*) FILTER (WHERE state LIKE 'idle in transaction%'))::integer AS idle_in_transaction,
           (count(*) FILTER (WHERE state = 'active' AND wait_event_type = 'Lock'))::integer AS waiting,
           (extract(epoch FROM clock_timestamp() - min(query_start)
               FILTER (WHERE state = 'active' AND pid <> pg_backend_pid())) * 1000)::float8 AS longest_running
    FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend'
) a
CROSS JOIN (
    SELECT xact_commit AS commits, xact_rollback AS rollbacks, deadlocks,
           (blks_hit::float8 / nullif(blks_hit + blks_read, 0)) AS cache_hit_ratio, stats_reset AS since
    FROM pg_stat_database WHERE datname = current_database()
) d
CROSS JOIN (
    SELECT count(*)::integer AS pending_batches, coalesce(sum(event_count), 0)::bigint AS pending_events,
           extract(epoch FROM clock_timestamp() - min(received_at))::float8 AS pending_seconds
    FROM pending_batches
) p
CROSS JOIN (
    SELECT min(nullif(sealed_until, '-infinity')) AS sealed_until FROM rollup_levels WHERE grain = 60
) s
CROSS JOIN (
    SELECT array_agg(name) AS names, array_agg(size) AS sizes, array_agg(rows) AS counts
    FROM (
        SELECT coalesce(root.relname, c.relname)::text AS name, sum(pg_total_relation_size(c.oid))::bigint AS size,
               sum(greatest(c.reltuples, 0))::bigint AS rows
        FROM pg_class c
        LEFT JOIN pg_class root ON c.relispartition AND root.oid = pg_partition_root(c.oid)
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
        GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20
    ) sizes
) t;
