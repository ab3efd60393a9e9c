-- name: active_of_type
-- The sets of a type that answer questions.
SELECT id, dimensions, measures FROM rollup_sets WHERE event_type = $1 AND state = 'active';

-- name: kept_of_type
-- The sets of a type that take new events.
SELECT id, dimensions, measures FROM rollup_sets
WHERE event_type = $1 AND state IN ('active', 'building');

-- name: retire
-- A set that takes no more events, and so must not answer.
UPDATE rollup_sets SET state = 'retired' WHERE id = $1;

-- name: rename_measures
-- The names of a set's measures, slot by slot.
UPDATE rollup_sets SET measures = $2 WHERE id = $1;

-- name: has_rows
-- Whether anything is rolled up in these sets.
SELECT EXISTS (SELECT FROM rollups WHERE set_id = ANY ($1::integer[]));

-- name: add_active
-- A set of a type that has no events yet: it is complete as it stands.
INSERT INTO rollup_sets (event_type, dimensions, measures, state) VALUES ($1, $2, $3, 'active')
ON CONFLICT (event_type, dimensions) WHERE state = 'active' DO UPDATE SET measures = excluded.measures;
