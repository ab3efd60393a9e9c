-- How many batches were ever merged, so that the batches ever committed can be counted in one small read.

CREATE TABLE merged_batches (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    batches bigint  NOT NULL
);
INSERT INTO merged_batches (batches) VALUES (0);
COMMENT ON TABLE merged_batches IS
    'With the pending ones: how many batches were ever committed. Two snapshots with the same number hold the same events.';

CREATE FUNCTION count_merged_batches() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE merged_batches SET batches = batches + (SELECT count(*) FROM merged);
    RETURN NULL;
END
$$;

CREATE TRIGGER pending_batches_merged AFTER DELETE ON pending_batches
    REFERENCING OLD TABLE AS merged FOR EACH STATEMENT EXECUTE FUNCTION count_merged_batches();
