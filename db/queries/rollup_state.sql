-- name: version
-- The version of the rollup state.
SELECT version FROM rollup_state;

-- name: active_sets
-- The sets that answer questions.
SELECT id, event_type, dimensions, measures,
       greatest(complete_from, '0001-01-01T00:00Z') AS complete_from
FROM rollup_sets WHERE state = 'active';

-- name: levels
-- Until when each grain above the base is summed up.
SELECT grain, greatest(sealed_until, '0001-01-01T00:00Z') AS sealed_until FROM rollup_levels;

-- name: raw_gaps
-- Since when raw events are complete, by type; types without a row have them all.
SELECT event_type, raw_from FROM raw_gaps;

-- name: measure_gaps
-- Measures of active sets that are complete only from some time on.
SELECT g.set_id, g.measure, g.complete_from
FROM rollup_measure_gaps g JOIN rollup_sets s ON s.id = g.set_id AND s.state = 'active';

-- name: dropped_months
-- The months whose rollups were dropped.
SELECT month::timestamp AT TIME ZONE 'UTC' AS start,
       (month + interval '1 month') AT TIME ZONE 'UTC' AS "end"
FROM rollup_gaps ORDER BY month;

-- name: bump
-- Make every plan made before be made again.
UPDATE rollup_state SET version = version + 1;
