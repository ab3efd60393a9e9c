-- name: running
-- The rebuild under way.
SELECT id, event_types, last_batch, end_batch, events_done, events_total, started_at
FROM rollup_rebuilds WHERE state = 'running' FOR UPDATE;

-- name: latest
-- The newest rebuild, under way or done.
SELECT id, event_types, state, events_done, events_total, started_at, finished_at
FROM rollup_rebuilds ORDER BY id DESC LIMIT 1;

-- name: begin
-- A rebuild of everything that is stored up to now.
INSERT INTO rollup_rebuilds (event_types, state, last_batch, end_batch, events_total)
SELECT $1, 'running', 0, (SELECT last_value FROM event_batch_ids), (SELECT count(*) FROM analytics_events);

-- name: forget_rolled
-- No batch was merged meanwhile yet.
DELETE FROM rolled_meanwhile;

-- name: add_building
-- A new generation of a set; it is as complete as the one before, or complete from $4 on where there is none.
INSERT INTO rollup_sets (event_type, dimensions, measures, state, generation, complete_from)
SELECT $1::text, $2::text[], $3::text[], 'building', coalesce(max(generation), 0) + 1,
       coalesce(max(complete_from) FILTER (WHERE state = 'active'), $4::timestamptz, '-infinity')
FROM rollup_sets WHERE event_type = $1::text AND dimensions = $2::text[]
RETURNING id;

-- name: active_of
-- The set that answers now.
SELECT id FROM rollup_sets WHERE event_type = $1 AND dimensions = $2 AND state = 'active';

-- name: note_measure_gaps
-- What the set $1 lacks, the set $2 that is copied from it lacks too; and measures that are new, before $3.
INSERT INTO rollup_measure_gaps (set_id, measure, complete_from)
SELECT new.id, declared.measure, coalesce(gap.complete_from, $3::timestamptz)
FROM rollup_sets new
JOIN rollup_sets old ON old.id = $1
CROSS JOIN unnest(new.measures) AS declared (measure)
LEFT JOIN rollup_measure_gaps gap ON gap.set_id = old.id AND gap.measure = declared.measure
WHERE new.id = $2 AND (gap.set_id IS NOT NULL OR declared.measure <> ALL (old.measures));

-- name: raw_from
-- Since when raw events are complete, by type.
SELECT event_type, raw_from FROM raw_gaps;

-- name: next_batches
-- The next batches, up to about $3 events.
SELECT batch_id, received_at, count(*) AS events,
       batch_id IN (SELECT batch_id FROM rolled_meanwhile)
           OR batch_id IN (SELECT batch_id FROM pending_batches) AS elsewhere
FROM analytics_events
WHERE batch_id > $1::bigint AND batch_id <= (
    SELECT max(batch_id) FROM (
        SELECT batch_id FROM analytics_events
        WHERE batch_id > $1::bigint AND batch_id <= $2::bigint
        ORDER BY batch_id LIMIT $3::bigint
    ) run
)
GROUP BY batch_id, received_at;

-- name: advance
-- Batches up to $2 are in the new generation.
UPDATE rollup_rebuilds SET last_batch = $2, events_done = events_done + $3 WHERE id = $1;

-- name: first_bucket
-- The first base bucket of the new generation.
SELECT min(r.bucket) FROM rollups r JOIN rollup_sets s ON s.id = r.set_id
WHERE s.state = 'building' AND r.grain = 15;

-- name: retire
-- The old generation of the rebuilt types answers no more.
UPDATE rollup_sets SET state = 'retired' WHERE state = 'active' AND event_type = ANY ($1::text[]);

-- name: activate
-- The new generation answers from now on.
UPDATE rollup_sets SET state = 'active' WHERE state = 'building';

-- name: finish
-- The rebuild is done.
UPDATE rollup_rebuilds SET state = 'done', finished_at = now() WHERE id = $1;

-- name: retired
-- Sets that answer no more and may still have rows.
SELECT id FROM rollup_sets WHERE state = 'retired';

-- name: drop_retired_rows
-- Remove the rows of a retired set.
DELETE FROM rollups WHERE set_id = $1;

-- name: drop_retired
-- Forget a retired set.
DELETE FROM rollup_sets WHERE id = $1 AND state = 'retired';
