-- What the rollups do not hold: measures that came later than raw events reach back, and months that were dropped.

CREATE TABLE rollup_measure_gaps (
    set_id        integer     NOT NULL REFERENCES rollup_sets ON DELETE CASCADE,
    measure       text        NOT NULL,
    complete_from timestamptz NOT NULL,
    PRIMARY KEY (set_id, measure)
);
COMMENT ON TABLE rollup_measure_gaps IS
    'Since when a measure of a set is complete; no row: since when the set is.';

CREATE TABLE rollup_gaps (
    month      date        PRIMARY KEY,
    dropped_at timestamptz NOT NULL
);
COMMENT ON TABLE rollup_gaps IS
    'Months whose rollups were dropped. Late events of such a month are rolled up and are all that is there.';

COMMENT ON COLUMN rollups.key_hash IS
    'Of d1 to d4. One that begins with 64 zero bits is an overflow row, which keeps its currency and no other dimension.';
