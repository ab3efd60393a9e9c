// A plain analytics backend: raw events in one table, three SQL statements in parallel for a summary,
// cache-aside in Redis for 60 seconds, keys made of the full timestamps.
const express = require('express');
const { Pool } = require('pg');
const Redis = require('ioredis');

const CACHE_SECONDS = 60;
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const redis = new Redis(process.env.REDIS_URL);
const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use(express.json({ limit: '10mb' }));

function range(req, res) {
  const from = new Date(req.query.from);
  const to = new Date(req.query.to);
  if (Number.isNaN(from.getTime()) || Number.isNaN(to.getTime())) {
    res.status(400).json({ error: 'from and to must be ISO 8601 dates' });
    return null;
  }
  return [from.toISOString(), to.toISOString()];
}

async function cached(key, compute) {
  const held = await redis.get(key);
  if (held !== null) return { data: JSON.parse(held), cached: true };
  const data = await compute();
  await redis.set(key, JSON.stringify(data), 'EX', CACHE_SECONDS);
  return { data, cached: false };
}

app.get('/api/analytics/summary', async (req, res) => {
  const between = range(req, res);
  if (between === null) return;
  const answer = await cached(`analytics:summary:${between[0]}:${between[1]}`, async () => {
    const [total, unique, byType] = await Promise.all([
      pool.query('SELECT COUNT(*) FROM events WHERE created_at >= $1 AND created_at <= $2', between),
      pool.query(
        'SELECT COUNT(DISTINCT user_id) FROM events WHERE created_at >= $1 AND created_at <= $2',
        between,
      ),
      pool.query(
        `SELECT event_type, COUNT(*) FROM events WHERE created_at >= $1 AND created_at <= $2
         GROUP BY event_type ORDER BY count DESC`,
        between,
      ),
    ]);
    return {
      totalEvents: Number(total.rows[0].count),
      uniqueUsers: Number(unique.rows[0].count),
      eventsByType: Object.fromEntries(
        byType.rows.map((row) => [row.event_type, Number(row.count)]),
      ),
    };
  });
  res.json(answer);
});

app.get('/api/analytics/dashboard', async (req, res) => {
  const between = range(req, res);
  if (between === null) return;
  const [from, to] = between;
  const half = new Date(req.query.half).toISOString();
  const day = new Date(req.query.day).toISOString();
  const rows = async (sql, ...values) => (await pool.query(sql, values)).rows;
  const answer = await cached(`analytics:dashboard:${from}:${half}:${day}:${to}`, async () => {
    const [total, unique, byType, hours, providers, collections, days] = await Promise.all([
      rows('SELECT COUNT(*) FROM dashboard_events WHERE created_at >= $1 AND created_at <= $2', from, to),
      rows(
        `SELECT COUNT(DISTINCT user_id) FROM dashboard_events
         WHERE created_at >= $1 AND created_at <= $2`,
        from, to,
      ),
      rows(
        `SELECT event_type, COUNT(*) FROM dashboard_events
         WHERE created_at >= $1 AND created_at <= $2 GROUP BY event_type ORDER BY count DESC`,
        from, to,
      ),
      rows(
        `SELECT date_trunc('hour', created_at) AS start,
                (COUNT(*) FILTER (WHERE failed))::float8 / COUNT(*) AS "errorRate",
                percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95
         FROM dashboard_events
         WHERE event_type = 'api_request' AND created_at >= $1 AND created_at <= $2
         GROUP BY 1 ORDER BY 1`,
        day, to,
      ),
      rows(
        `SELECT provider, COUNT(*)::int AS jobs,
                (COUNT(*) FILTER (WHERE NOT failed))::float8 / COUNT(*) AS "successRate",
                percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95, SUM(cost) AS cost
         FROM dashboard_events
         WHERE event_type = 'ml_job' AND created_at >= $1 AND created_at <= $2
         GROUP BY provider ORDER BY jobs DESC`,
        from, to,
      ),
      rows(
        `SELECT collection, currency, created_at >= $2 AS now, SUM(value) AS revenue,
                (COUNT(*) FILTER (WHERE status <> 'refunded'))::int AS orders,
                AVG(value) FILTER (WHERE status <> 'refunded') AS "averageOrderValue"
         FROM dashboard_events
         WHERE event_type = 'order' AND created_at >= $1 AND created_at <= $3
         GROUP BY 1, 2, 3`,
        from, half, to,
      ),
      rows(
        `SELECT date_trunc('day', created_at) AS start, COUNT(*)::int AS count FROM dashboard_events
         WHERE created_at >= $1 AND created_at <= $2 GROUP BY 1 ORDER BY 1`,
        from, to,
      ),
    ]);
    const sales = (now) =>
      Object.fromEntries(
        collections.filter((row) => row.now === now).map((row) => [row.collection, row]),
      );
    return {
      totalEvents: Number(total[0].count),
      uniqueUsers: Number(unique[0].count),
      eventsByType: Object.fromEntries(byType.map((row) => [row.event_type, Number(row.count)])),
      hours,
      providers,
      collections: sales(true),
      previous: sales(false),
      days: days.map((row) => row.count),
    };
  });
  res.json(answer);
});

app.get('/api/analytics/timeseries', async (req, res) => {
  const between = range(req, res);
  if (between === null) return;
  const answer = await cached(`analytics:timeseries:${between[0]}:${between[1]}`, async () => {
    const { rows } = await pool.query(
      `SELECT date_trunc('day', created_at) AS start, COUNT(*), COUNT(DISTINCT user_id) AS users
       FROM events WHERE created_at >= $1 AND created_at <= $2 GROUP BY 1 ORDER BY 1`,
      between,
    );
    return rows.map((row) => ({
      start: row.start,
      count: Number(row.count),
      uniqueUsers: Number(row.users),
    }));
  });
  res.json(answer);
});

app.get('/api/analytics/series', async (req, res) => {
  const between = range(req, res);
  if (between === null) return;
  const { rows } = await pool.query(
    'SELECT bucket, value FROM series_points WHERE bucket >= $1 AND bucket < $2 ORDER BY bucket',
    between,
  );
  res.json({ data: rows.map((row) => ({ bucket: row.bucket, value: Number(row.value) })) });
});

function insertInto(table, columns, ending) {
  return async (req, res) => {
    const events = Array.isArray(req.body) ? req.body : [req.body];
    const values = [];
    const places = events.map((event, row) => {
      values.push(...columns.map(([, field]) => event[field]));
      return `(${columns.map((_, column) => `$${row * columns.length + column + 1}`).join(', ')})`;
    });
    const names = columns.map(([name]) => name).join(', ');
    await pool.query(`INSERT INTO ${table} (${names}) VALUES ${places.join(', ')} ${ending}`, values);
    res.status(201).json({ accepted: events.length });
  };
}

const kept = [
  ['user_id', 'userId'],
  ['event_type', 'type'],
  ['created_at', 'occurredAt'],
];
const all = [['id', 'id'], ...kept, ['duration_ms', 'durationMs']];
app.post('/api/analytics/events', insertInto('events', kept, ''));
app.post('/api/analytics/events-once', insertInto('events_once', all, 'ON CONFLICT DO NOTHING'));

app.get('/health', (req, res) => res.json({ status: 'ok' }));

app.use((error, req, res, next) => {
  res.status(500).json({ error: error.message });
});

app.listen(Number(process.env.PORT), '127.0.0.1');
