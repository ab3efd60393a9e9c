-- Events, their ledger and batches, rollups, dead letters, imports, API keys and the audit log.

CREATE TABLE analytics_events (
    id             uuid        NOT NULL,
    client_id      text,                       -- the sender's own id, where that is not a UUID
    batch_id       bigint      NOT NULL,
    received_at    timestamptz NOT NULL,
    raw_days       smallint    NOT NULL,       -- days kept from receipt; 0 keeps
    occurred_at    timestamptz NOT NULL,
    event_type     text        NOT NULL,
    source         text,
    user_id        text,
    device_id      text,
    session_id     text,
    correlation_id text        NOT NULL,
    duration_ms    numeric,
    status_code    smallint,
    error_message  text,
    provider       text,
    value          numeric,
    currency       text,
    cost           numeric,
    properties     jsonb
) PARTITION BY LIST (raw_days);
COMMENT ON TABLE analytics_events IS
    'Raw events, by retention class and then by day of receipt (month where kept), so that dropping is by partition.';

CREATE INDEX analytics_events_batch ON analytics_events (batch_id);
CREATE INDEX analytics_events_time ON analytics_events (occurred_at, id);
CREATE INDEX analytics_events_user ON analytics_events (user_id, occurred_at) WHERE user_id IS NOT NULL;

CREATE SEQUENCE event_batch_ids;

CREATE TABLE pending_batches (
    batch_id    bigint      PRIMARY KEY,
    received_at timestamptz NOT NULL,
    event_count integer     NOT NULL
);
COMMENT ON TABLE pending_batches IS
    'Committed batches that the rollups do not hold yet. A row is deleted in the transaction that merges its events.';

CREATE TABLE event_ids (
    id     uuid   PRIMARY KEY,
    digest bigint NOT NULL
);
COMMENT ON TABLE event_ids IS
    'Every event id ever accepted and a digest of its body: a retry is a duplicate at any age, another body a conflict.';

CREATE TABLE raw_gaps (
    event_type   text        NOT NULL,
    raw_from     timestamptz NOT NULL,         -- raw events of this type that occurred before are not all there
    dropped_at   timestamptz NOT NULL,
    PRIMARY KEY (event_type)
);
COMMENT ON TABLE raw_gaps IS 'How far back raw events are complete, per type; no row: all of them are there.';

CREATE TABLE rollup_sets (
    id          integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_type  text        NOT NULL,
    dimensions  text[]      NOT NULL,
    generation  integer     NOT NULL DEFAULT 1,
    state       text        NOT NULL CHECK (state IN ('active', 'building', 'retired')),
    measures    text[]      NOT NULL,
    complete_from timestamptz NOT NULL DEFAULT '-infinity',
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX rollup_sets_one_active ON rollup_sets (event_type, dimensions) WHERE state = 'active';
CREATE UNIQUE INDEX rollup_sets_one_building ON rollup_sets (event_type, dimensions) WHERE state = 'building';
COMMENT ON TABLE rollup_sets IS
    'Each rolled-up dimension set of each event type. A rebuild fills a new generation and then takes the place of the old.';

CREATE TABLE rollups (
    set_id      integer     NOT NULL,
    grain       integer     NOT NULL,          -- minutes of the bucket's nominal length: 15, 60, 1440, 10080, 43200
    bucket      timestamptz NOT NULL,
    key_hash    uuid        NOT NULL,          -- of d1 to d4; the all-zero uuid is the overflow row
    part        smallint    NOT NULL,          -- measures 4 * part + 1 to 4 * part + 4 of the set; counts are in part 0
    d1          text,
    d2          text,
    d3          text,
    d4          text,
    count       bigint      NOT NULL,
    error_count bigint      NOT NULL,
    users       bytea       NOT NULL,          -- distinct-user sketch, see domain/distinct.py
    n1          bigint,
    sum1        numeric,
    min1        numeric,
    max1        numeric,
    histogram1  bytea,
    n2          bigint,
    sum2        numeric,
    min2        numeric,
    max2        numeric,
    histogram2  bytea,
    n3          bigint,
    sum3        numeric,
    min3        numeric,
    max3        numeric,
    histogram3  bytea,
    n4          bigint,
    sum4        numeric,
    min4        numeric,
    max4        numeric,
    histogram4  bytea,
    PRIMARY KEY (set_id, grain, bucket, key_hash, part)
) PARTITION BY RANGE (bucket);
COMMENT ON TABLE rollups IS
    'One row a set, grain, bucket and key. nK: events that have the K-th measure of the row; histogramK: its quantile sketch, see domain/quantiles.py.';

CREATE TABLE rollup_partitions (
    month       date        PRIMARY KEY,
    last_merged timestamptz NOT NULL
);
COMMENT ON TABLE rollup_partitions IS
    'Months that have rollup partitions. One is dropped once it ended and was last written longer ago than rollups are kept.';

CREATE TABLE rollup_levels (
    grain        integer     PRIMARY KEY,
    sealed_until timestamptz NOT NULL
);
COMMENT ON TABLE rollup_levels IS
    'Buckets of a grain that end by sealed_until are summed up there; later ones are only in finer grains.';

CREATE TABLE rollup_state (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint  NOT NULL
);
INSERT INTO rollup_state (version) VALUES (1);
COMMENT ON TABLE rollup_state IS 'Changes whenever a plan made before could be wrong; each answer reads it in its own snapshot.';

CREATE TABLE rollup_rebuilds (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_types  text[]      NOT NULL,
    state        text        NOT NULL CHECK (state IN ('running', 'done')),
    last_batch   bigint      NOT NULL,         -- batches up to here are merged into the new generation
    end_batch    bigint      NOT NULL,         -- batches up to here are the rebuild's; later ones are merged as they come
    events_done  bigint      NOT NULL DEFAULT 0,
    events_total bigint      NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz
);
CREATE UNIQUE INDEX rollup_rebuilds_one_running ON rollup_rebuilds ((true)) WHERE state = 'running';

CREATE TABLE rolled_meanwhile (
    batch_id bigint PRIMARY KEY
);
COMMENT ON TABLE rolled_meanwhile IS
    'Batches merged while a rebuild runs: its new generation has them already, so the rebuild leaves them out.';

CREATE TABLE dead_letters (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at  timestamptz NOT NULL DEFAULT now(),
    origin       text        NOT NULL,         -- http, graphql, import:<mapping>
    subject      text,                         -- who sent it
    code         text        NOT NULL,
    field        text,
    message      text        NOT NULL,
    body         bytea       NOT NULL,         -- the event as it came, cut at 64 KiB
    truncated    boolean     NOT NULL DEFAULT false,
    replayed_at  timestamptz
);
CREATE INDEX dead_letters_open ON dead_letters (id) WHERE replayed_at IS NULL;

CREATE TABLE imports (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_digest bytea       NOT NULL,          -- of the file's bytes
    mapping     text        NOT NULL,
    mapping_digest bytea    NOT NULL,
    file_name   text        NOT NULL,
    position    bigint      NOT NULL DEFAULT 0, -- records consumed and committed
    accepted    bigint      NOT NULL DEFAULT 0,
    duplicates  bigint      NOT NULL DEFAULT 0,
    rejected    jsonb       NOT NULL DEFAULT '{}',
    state       text        NOT NULL CHECK (state IN ('running', 'done')),
    started_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (file_digest, mapping_digest)
);

CREATE TABLE api_keys (
    id           uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    name         text        NOT NULL,
    role         text        NOT NULL,
    hash         bytea       NOT NULL UNIQUE,  -- SHA-256 of the key; the key itself is shown once
    prefix       text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    revoked_at   timestamptz
);

CREATE TABLE audit_log (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT now(),
    subject     text        NOT NULL,
    action      text        NOT NULL,
    object_type text        NOT NULL,
    object_id   text        NOT NULL,
    before      jsonb,
    after       jsonb
);
CREATE INDEX audit_log_object ON audit_log (object_type, object_id, at);
