-- A merge knows the types of its events without reading them first. Null: not known, of before.

ALTER TABLE pending_batches ADD COLUMN event_types text[];
