-- A question reads the pending batches alone that its range touches. Batches of before touch every range.

ALTER TABLE pending_batches
    ADD COLUMN first_at timestamptz NOT NULL DEFAULT '-infinity',  -- no event of the batch occurred before
    ADD COLUMN last_at  timestamptz NOT NULL DEFAULT 'infinity';   -- nor after
