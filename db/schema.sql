CREATE TABLE public.analytics_events (
    id uuid NOT NULL,
    client_id text,
    batch_id bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    raw_days smallint NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    event_type text NOT NULL,
    source text,
    user_id text,
    device_id text,
    session_id text,
    correlation_id text NOT NULL,
    duration_ms numeric,
    status_code smallint,
    error_message text,
    provider text,
    value numeric,
    currency text,
    cost numeric,
    properties jsonb
)
PARTITION BY LIST (raw_days);

COMMENT ON TABLE public.analytics_events IS 'Raw events, by retention class and then by day of receipt (month where kept), so that dropping is by partition.';

CREATE TABLE public.api_keys (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    hash bytea NOT NULL,
    prefix text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone
);

CREATE TABLE public.audit_log (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    subject text NOT NULL,
    action text NOT NULL,
    object_type text NOT NULL,
    object_id text NOT NULL,
    before jsonb,
    after jsonb
);

ALTER TABLE public.audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.dead_letters (
    id bigint NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    origin text NOT NULL,
    subject text,
    code text NOT NULL,
    field text,
    message text NOT NULL,
    body bytea NOT NULL,
    truncated boolean DEFAULT false NOT NULL,
    replayed_at timestamp with time zone
);

ALTER TABLE public.dead_letters ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.dead_letters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE SEQUENCE public.event_batch_ids
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.event_ids (
    id uuid NOT NULL,
    digest bigint NOT NULL
);

COMMENT ON TABLE public.event_ids IS 'Every event id ever accepted and a digest of its body: a retry is a duplicate at any age, another body a conflict.';

CREATE TABLE public.imports (
    id bigint NOT NULL,
    file_digest bytea NOT NULL,
    mapping text NOT NULL,
    mapping_digest bytea NOT NULL,
    file_name text NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    accepted bigint DEFAULT 0 NOT NULL,
    duplicates bigint DEFAULT 0 NOT NULL,
    rejected jsonb DEFAULT '{}'::jsonb NOT NULL,
    state text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT imports_state_check CHECK ((state = ANY (ARRAY['running'::text, 'done'::text])))
);

ALTER TABLE public.imports ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.imports_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.pending_batches (
    batch_id bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    event_count integer NOT NULL
);

COMMENT ON TABLE public.pending_batches IS 'Committed batches that the rollups do not hold yet. A row is deleted in the transaction that merges its events.';

CREATE TABLE public.raw_gaps (
    event_type text NOT NULL,
    raw_from timestamp with time zone NOT NULL,
    dropped_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.raw_gaps IS 'How far back raw events are complete, per type; no row: all of them are there.';

CREATE TABLE public.rolled_meanwhile (
    batch_id bigint NOT NULL
);

COMMENT ON TABLE public.rolled_meanwhile IS 'Batches merged while a rebuild runs: its new generation has them already, so the rebuild leaves them out.';

CREATE TABLE public.rollup_levels (
    grain integer NOT NULL,
    sealed_until timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.rollup_levels IS 'Buckets of a grain that end by sealed_until are summed up there; later ones are only in finer grains.';

CREATE TABLE public.rollup_partitions (
    month date NOT NULL,
    last_merged timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.rollup_partitions IS 'Months that have rollup partitions. One is dropped once it ended and was last written longer ago than rollups are kept.';

CREATE TABLE public.rollup_rebuilds (
    id bigint NOT NULL,
    event_types text[] NOT NULL,
    state text NOT NULL,
    last_batch bigint NOT NULL,
    end_batch bigint NOT NULL,
    events_done bigint DEFAULT 0 NOT NULL,
    events_total bigint NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT rollup_rebuilds_state_check CHECK ((state = ANY (ARRAY['running'::text, 'done'::text])))
);

ALTER TABLE public.rollup_rebuilds ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.rollup_rebuilds_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.rollup_sets (
    id integer NOT NULL,
    event_type text NOT NULL,
    dimensions text[] NOT NULL,
    generation integer DEFAULT 1 NOT NULL,
    state text NOT NULL,
    measures text[] NOT NULL,
    complete_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT rollup_sets_state_check CHECK ((state = ANY (ARRAY['active'::text, 'building'::text, 'retired'::text])))
);

COMMENT ON TABLE public.rollup_sets IS 'Each rolled-up dimension set of each event type. A rebuild fills a new generation and then takes the place of the old.';

ALTER TABLE public.rollup_sets ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.rollup_sets_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.rollup_state (
    one boolean DEFAULT true NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT rollup_state_one_check CHECK (one)
);

COMMENT ON TABLE public.rollup_state IS 'Changes whenever a plan made before could be wrong; each answer reads it in its own snapshot.';

CREATE TABLE public.rollups (
    set_id integer NOT NULL,
    grain integer NOT NULL,
    bucket timestamp with time zone NOT NULL,
    key_hash uuid NOT NULL,
    part smallint NOT NULL,
    d1 text,
    d2 text,
    d3 text,
    d4 text,
    count bigint NOT NULL,
    error_count bigint NOT NULL,
    users bytea NOT NULL,
    n1 bigint,
    sum1 numeric,
    min1 numeric,
    max1 numeric,
    histogram1 bytea,
    n2 bigint,
    sum2 numeric,
    min2 numeric,
    max2 numeric,
    histogram2 bytea,
    n3 bigint,
    sum3 numeric,
    min3 numeric,
    max3 numeric,
    histogram3 bytea,
    n4 bigint,
    sum4 numeric,
    min4 numeric,
    max4 numeric,
    histogram4 bytea
)
PARTITION BY RANGE (bucket);

COMMENT ON TABLE public.rollups IS 'One row a set, grain, bucket and key. nK: events that have the K-th measure of the row; histogramK: its quantile sketch, see domain/quantiles.py.';

CREATE TABLE public.schema_migrations (
    version integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.event_ids
    ADD CONSTRAINT event_ids_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_file_digest_mapping_digest_key UNIQUE (file_digest, mapping_digest);

ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pending_batches
    ADD CONSTRAINT pending_batches_pkey PRIMARY KEY (batch_id);

ALTER TABLE ONLY public.raw_gaps
    ADD CONSTRAINT raw_gaps_pkey PRIMARY KEY (event_type);

ALTER TABLE ONLY public.rolled_meanwhile
    ADD CONSTRAINT rolled_meanwhile_pkey PRIMARY KEY (batch_id);

ALTER TABLE ONLY public.rollup_levels
    ADD CONSTRAINT rollup_levels_pkey PRIMARY KEY (grain);

ALTER TABLE ONLY public.rollup_partitions
    ADD CONSTRAINT rollup_partitions_pkey PRIMARY KEY (month);

ALTER TABLE ONLY public.rollup_rebuilds
    ADD CONSTRAINT rollup_rebuilds_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.rollup_sets
    ADD CONSTRAINT rollup_sets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.rollup_state
    ADD CONSTRAINT rollup_state_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.rollups
    ADD CONSTRAINT rollups_pkey PRIMARY KEY (set_id, grain, bucket, key_hash, part);

ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

CREATE INDEX analytics_events_batch ON ONLY public.analytics_events USING btree (batch_id);

CREATE INDEX analytics_events_time ON ONLY public.analytics_events USING btree (occurred_at, id);

CREATE INDEX analytics_events_user ON ONLY public.analytics_events USING btree (user_id, occurred_at) WHERE (user_id IS NOT NULL);

CREATE INDEX audit_log_object ON public.audit_log USING btree (object_type, object_id, at);

CREATE INDEX dead_letters_open ON public.dead_letters USING btree (id) WHERE (replayed_at IS NULL);

CREATE UNIQUE INDEX rollup_rebuilds_one_running ON public.rollup_rebuilds USING btree ((true)) WHERE (state = 'running'::text);

CREATE UNIQUE INDEX rollup_sets_one_active ON public.rollup_sets USING btree (event_type, dimensions) WHERE (state = 'active'::text);

CREATE UNIQUE INDEX rollup_sets_one_building ON public.rollup_sets USING btree (event_type, dimensions) WHERE (state = 'building'::text);
