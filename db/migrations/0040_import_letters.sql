-- A refused record of a file is known by its import and its number, so that it can be read again as it was.
ALTER TABLE imports ADD COLUMN columns text[];

ALTER TABLE dead_letters
    ADD COLUMN import_id bigint REFERENCES imports (id),
    ADD COLUMN record bigint;

CREATE INDEX dead_letters_of_imports ON dead_letters (import_id, record)
    WHERE import_id IS NOT NULL AND replayed_at IS NULL;
