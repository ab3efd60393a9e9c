CREATE FUNCTION public.count_merged_batches() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE merged_batches SET batches = batches + (SELECT count(*) FROM merged);
    RETURN NULL;
END
$$;

CREATE TABLE public.alert_configs (
    id uuid NOT NULL,
    name text NOT NULL,
    severity text NOT NULL,
    enabled boolean NOT NULL,
    definition jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by text NOT NULL,
    CONSTRAINT alert_configs_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text])))
);

CREATE TABLE public.alert_evaluations (
    slot timestamp with time zone NOT NULL,
    config_id uuid NOT NULL,
    missed integer NOT NULL
);

COMMENT ON TABLE public.alert_evaluations IS 'The claim of each evaluation, in its transaction: one per config and slot over any number of workers. Kept for hours.';

CREATE TABLE public.alert_history (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    event text NOT NULL,
    config_id uuid NOT NULL,
    alert_id uuid,
    name text NOT NULL,
    severity text NOT NULL,
    group_key text NOT NULL,
    labels jsonb NOT NULL,
    from_phase text NOT NULL,
    to_phase text NOT NULL,
    value double precision,
    threshold double precision,
    reason text NOT NULL,
    subject text,
    notice text NOT NULL,
    CONSTRAINT alert_history_event_check CHECK ((event = ANY (ARRAY['fired'::text, 'resolved'::text, 'changed'::text, 'reminded'::text, 'acknowledged'::text, 'commented'::text]))),
    CONSTRAINT alert_history_notice_check CHECK ((notice = ANY (ARRAY['none'::text, 'send'::text, 'cooldown'::text, 'silenced'::text, 'stale'::text])))
);

COMMENT ON TABLE public.alert_history IS 'Everything that happened to alerts. Writers hold an advisory lock from insert to commit, so ids become visible in order: whoever has read up to an id misses nothing before it.';

ALTER TABLE public.alert_history ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.alert_outbox (
    id bigint NOT NULL,
    history_id bigint NOT NULL,
    alert_id uuid,
    channel text NOT NULL,
    recipient text NOT NULL,
    severity text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    reason text,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone NOT NULL,
    last_error text,
    provider_id text,
    created_at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone,
    message_id uuid,
    CONSTRAINT alert_outbox_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'suppressed'::text, 'dead'::text])))
);

COMMENT ON TABLE public.alert_outbox IS 'One row per history row, channel and recipient, written in the transaction of the history row; also for what was not sent, with the reason.';

COMMENT ON COLUMN public.alert_outbox.next_attempt_at IS 'Before it is part of a message: when it is looked at.';

ALTER TABLE public.alert_outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.alert_schedule (
    config_id uuid NOT NULL,
    due_at timestamp with time zone NOT NULL,
    fed_until timestamp with time zone,
    evaluated_at timestamp with time zone,
    problem text
);

COMMENT ON TABLE public.alert_schedule IS 'When each enabled config is due. A worker locks the row for as long as it evaluates; apart from the config, so that nobody waits to edit it.';

CREATE TABLE public.alert_silences (
    id uuid NOT NULL,
    matchers jsonb NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    comment text NOT NULL,
    created_by text NOT NULL,
    expired_by text
);

CREATE TABLE public.alert_states (
    config_id uuid NOT NULL,
    group_key text NOT NULL,
    phase text NOT NULL,
    since timestamp with time zone NOT NULL,
    breached_since timestamp with time zone,
    cleared_since timestamp with time zone,
    open boolean NOT NULL,
    alert_id uuid,
    told_open boolean DEFAULT false NOT NULL,
    told_at timestamp with time zone,
    seen_at timestamp with time zone NOT NULL,
    value double precision,
    compared double precision,
    reason text DEFAULT ''::text NOT NULL,
    detector bytea,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT alert_states_phase_check CHECK ((phase = ANY (ARRAY['ok'::text, 'pending'::text, 'firing'::text, 'recovering'::text, 'no_data'::text, 'error'::text])))
);

COMMENT ON TABLE public.alert_states IS 'Where each config and group stands. told_open: what the last notification said, which a cooldown or silence may hold behind.';

CREATE TABLE public.alerts (
    id uuid NOT NULL,
    config_id uuid NOT NULL,
    name text NOT NULL,
    severity text NOT NULL,
    labels jsonb NOT NULL,
    runbook_url text,
    threshold double precision,
    group_key text NOT NULL,
    status text NOT NULL,
    triggered_at timestamp with time zone NOT NULL,
    value double precision,
    reason text NOT NULL,
    acknowledged_at timestamp with time zone,
    acknowledged_by text,
    resolved_at timestamp with time zone,
    resolved_by text,
    resolution text,
    CONSTRAINT alerts_status_check CHECK ((status = ANY (ARRAY['firing'::text, 'acknowledged'::text, 'resolved'::text])))
);

COMMENT ON TABLE public.alerts IS 'One row from firing to resolved, per config and group.';

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
    replayed_at timestamp with time zone,
    import_id bigint,
    record bigint
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
    columns text[],
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

CREATE TABLE public.merged_batches (
    one boolean DEFAULT true NOT NULL,
    batches bigint NOT NULL,
    CONSTRAINT merged_batches_one_check CHECK (one)
);

COMMENT ON TABLE public.merged_batches IS 'With the pending ones: how many batches were ever committed. Two snapshots with the same number hold the same events.';

CREATE TABLE public.notification_addresses (
    recipient text NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    CONSTRAINT notification_addresses_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'slack'::text, 'sms'::text, 'webhook'::text])))
);

CREATE TABLE public.notification_attempts (
    message_id uuid NOT NULL,
    number integer NOT NULL,
    token uuid NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    outcome text DEFAULT 'sending'::text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    provider_id text,
    CONSTRAINT notification_attempts_outcome_check CHECK ((outcome = ANY (ARRAY['sending'::text, 'accepted'::text, 'refused'::text, 'unknown'::text])))
);

COMMENT ON TABLE public.notification_attempts IS 'Every attempt, written before it starts. unknown: the provider may have it; it was tried again.';

CREATE TABLE public.notification_routes (
    severity text NOT NULL,
    channel text NOT NULL,
    recipient text NOT NULL,
    after interval DEFAULT '00:00:00'::interval NOT NULL,
    repeat_every interval,
    CONSTRAINT notification_routes_after_check CHECK ((after >= '00:00:00'::interval)),
    CONSTRAINT notification_routes_channel_check CHECK ((channel = ANY (ARRAY['in_app'::text, 'email'::text, 'slack'::text, 'sms'::text, 'webhook'::text]))),
    CONSTRAINT notification_routes_repeat_every_check CHECK ((repeat_every >= '00:01:00'::interval)),
    CONSTRAINT notification_routes_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text])))
);

COMMENT ON TABLE public.notification_routes IS 'Who is told of what severity by which channel. *: in-app everyone who may see alerts, else all who gave an address. after: only once nobody acknowledged for so long. repeat_every: told again until someone does.';

CREATE VIEW public.notification_destinations AS
 SELECT r.severity,
    r.channel,
    COALESCE(a.recipient, r.recipient) AS recipient,
    r.after,
    r.repeat_every
   FROM (public.notification_routes r
     LEFT JOIN public.notification_addresses a ON (((r.recipient = '*'::text) AND (a.channel = r.channel))))
  WHERE ((r.recipient <> '*'::text) OR (r.channel = 'in_app'::text) OR (a.recipient IS NOT NULL));

COMMENT ON VIEW public.notification_destinations IS 'Routes with * replaced by those who gave an address for the channel.';

CREATE TABLE public.notification_messages (
    id uuid NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    severity text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    reason text DEFAULT 'due'::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    lease_token uuid,
    attempts integer DEFAULT 0 NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT notification_messages_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'suppressed'::text, 'dead'::text])))
);

COMMENT ON TABLE public.notification_messages IS 'What is sent in one piece: news of the outbox for one address. The id stays over all attempts and goes to the provider.';

CREATE VIEW public.notification_news AS
 SELECT o.id,
    o.message_id,
    o.channel,
    o.recipient,
    o.severity,
    o.status,
    o.next_attempt_at,
    h.at,
    h.config_id,
    o.alert_id,
    h.name,
    h.group_key,
    h.labels,
    h.value,
    h.threshold,
    h.reason,
    ((h.event = 'resolved'::text) OR (((h.event = 'reminded'::text) AND (a.resolved_at <= h.at)) IS TRUE)) AS over,
    a.triggered_at,
    a.status AS alert_status,
    a.acknowledged_by,
    a.resolved_at,
    a.runbook_url,
    (EXISTS ( SELECT
           FROM (public.alert_outbox e
             LEFT JOIN public.notification_messages m ON ((m.id = e.message_id)))
          WHERE ((e.alert_id = o.alert_id) AND (e.channel = o.channel) AND (e.recipient = o.recipient) AND (e.history_id < o.history_id) AND ((e.status = 'delivered'::text) OR (m.attempts > 0))))) AS told
   FROM ((public.alert_outbox o
     JOIN public.alert_history h ON ((h.id = o.history_id)))
     JOIN public.alerts a ON ((a.id = o.alert_id)));

COMMENT ON VIEW public.notification_news IS 'Rows of the outbox with what happened and how the alert stands. over: it says that the alert ended. told: the destination was, or may have been, told that it fires.';

CREATE TABLE public.notification_preferences (
    recipient text NOT NULL,
    min_severity text NOT NULL,
    in_app boolean NOT NULL,
    quiet_start time without time zone,
    quiet_end time without time zone,
    quiet_zone text,
    quiet_all boolean NOT NULL,
    members text[] NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by text NOT NULL,
    CONSTRAINT notification_preferences_check CHECK ((num_nulls(quiet_start, quiet_end, quiet_zone) = ANY (ARRAY[0, 3]))),
    CONSTRAINT notification_preferences_min_severity_check CHECK ((min_severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text]))),
    CONSTRAINT notification_preferences_recipient_check CHECK (((recipient ~~ 'user:%'::text) OR (recipient ~~ 'team:%'::text)))
);

CREATE TABLE public.notification_reads (
    subject text NOT NULL,
    outbox_id bigint NOT NULL,
    read_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.notification_reads IS 'What each subject has read in-app.';

CREATE TABLE public.pending_batches (
    batch_id bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    event_count integer NOT NULL,
    first_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    last_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    event_types text[]
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

CREATE TABLE public.rollup_gaps (
    month date NOT NULL,
    dropped_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.rollup_gaps IS 'Months whose rollups were dropped. Late events of such a month are rolled up and are all that is there.';

CREATE TABLE public.rollup_levels (
    grain integer NOT NULL,
    sealed_until timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.rollup_levels IS 'Buckets of a grain that end by sealed_until are summed up there; later ones are only in finer grains.';

CREATE TABLE public.rollup_measure_gaps (
    set_id integer NOT NULL,
    measure text NOT NULL,
    complete_from timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.rollup_measure_gaps IS 'Since when a measure of a set is complete; no row: since when the set is.';

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
    histogram4 bytea,
    users_recent bytea DEFAULT '\x'::bytea NOT NULL,
    histogram1_recent bytea DEFAULT '\x'::bytea NOT NULL,
    histogram2_recent bytea DEFAULT '\x'::bytea NOT NULL,
    histogram3_recent bytea DEFAULT '\x'::bytea NOT NULL,
    histogram4_recent bytea DEFAULT '\x'::bytea NOT NULL
)
PARTITION BY RANGE (bucket);
ALTER TABLE ONLY public.rollups ALTER COLUMN users SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.rollups ALTER COLUMN histogram1 SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.rollups ALTER COLUMN histogram2 SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.rollups ALTER COLUMN histogram3 SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.rollups ALTER COLUMN histogram4 SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.rollups ALTER COLUMN users_recent SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.rollups ALTER COLUMN histogram1_recent SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.rollups ALTER COLUMN histogram2_recent SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.rollups ALTER COLUMN histogram3_recent SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.rollups ALTER COLUMN histogram4_recent SET STORAGE EXTERNAL;

COMMENT ON TABLE public.rollups IS 'One row a set, grain, bucket and key. nK: events that have the K-th measure of the row; histogramK: its quantile sketch, see domain/quantiles.py.';

COMMENT ON COLUMN public.rollups.key_hash IS 'Of d1 to d4. One that begins with 64 zero bits is an overflow row, which keeps its currency and no other dimension.';

CREATE TABLE public.schema_migrations (
    version integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.user_totals (
    user_id text NOT NULL,
    event_type text NOT NULL,
    count bigint NOT NULL,
    error_count bigint NOT NULL,
    duration_count bigint NOT NULL,
    duration_sum numeric NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL
)
WITH (fillfactor='80');

COMMENT ON TABLE public.user_totals IS 'Events of each user that the rollups hold, by type; added to in the transaction that merges their batches.';

CREATE TABLE public.user_totals_building (
    user_id text CONSTRAINT user_totals_user_id_not_null NOT NULL,
    event_type text CONSTRAINT user_totals_event_type_not_null NOT NULL,
    count bigint CONSTRAINT user_totals_count_not_null NOT NULL,
    error_count bigint CONSTRAINT user_totals_error_count_not_null NOT NULL,
    duration_count bigint CONSTRAINT user_totals_duration_count_not_null NOT NULL,
    duration_sum numeric CONSTRAINT user_totals_duration_sum_not_null NOT NULL,
    first_at timestamp with time zone CONSTRAINT user_totals_first_at_not_null NOT NULL,
    last_at timestamp with time zone CONSTRAINT user_totals_last_at_not_null NOT NULL
);

COMMENT ON TABLE public.user_totals_building IS 'The same counted anew by a rebuild; takes the place of the old for types whose raw events are all there.';

ALTER TABLE ONLY public.alert_configs
    ADD CONSTRAINT alert_configs_name_key UNIQUE (name);

ALTER TABLE ONLY public.alert_configs
    ADD CONSTRAINT alert_configs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.alert_evaluations
    ADD CONSTRAINT alert_evaluations_pkey PRIMARY KEY (slot, config_id);

ALTER TABLE ONLY public.alert_history
    ADD CONSTRAINT alert_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.alert_outbox
    ADD CONSTRAINT alert_outbox_history_id_channel_recipient_key UNIQUE (history_id, channel, recipient);

ALTER TABLE ONLY public.alert_outbox
    ADD CONSTRAINT alert_outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.alert_schedule
    ADD CONSTRAINT alert_schedule_pkey PRIMARY KEY (config_id);

ALTER TABLE ONLY public.alert_silences
    ADD CONSTRAINT alert_silences_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.alert_states
    ADD CONSTRAINT alert_states_pkey PRIMARY KEY (config_id, group_key);

ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (id);

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

ALTER TABLE ONLY public.merged_batches
    ADD CONSTRAINT merged_batches_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.notification_addresses
    ADD CONSTRAINT notification_addresses_pkey PRIMARY KEY (recipient, channel);

ALTER TABLE ONLY public.notification_attempts
    ADD CONSTRAINT notification_attempts_pkey PRIMARY KEY (message_id, number);

ALTER TABLE ONLY public.notification_messages
    ADD CONSTRAINT notification_messages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.notification_preferences
    ADD CONSTRAINT notification_preferences_pkey PRIMARY KEY (recipient);

ALTER TABLE ONLY public.notification_reads
    ADD CONSTRAINT notification_reads_pkey PRIMARY KEY (subject, outbox_id);

ALTER TABLE ONLY public.notification_routes
    ADD CONSTRAINT notification_routes_pkey PRIMARY KEY (severity, channel, recipient);

ALTER TABLE ONLY public.pending_batches
    ADD CONSTRAINT pending_batches_pkey PRIMARY KEY (batch_id);

ALTER TABLE ONLY public.raw_gaps
    ADD CONSTRAINT raw_gaps_pkey PRIMARY KEY (event_type);

ALTER TABLE ONLY public.rolled_meanwhile
    ADD CONSTRAINT rolled_meanwhile_pkey PRIMARY KEY (batch_id);

ALTER TABLE ONLY public.rollup_gaps
    ADD CONSTRAINT rollup_gaps_pkey PRIMARY KEY (month);

ALTER TABLE ONLY public.rollup_levels
    ADD CONSTRAINT rollup_levels_pkey PRIMARY KEY (grain);

ALTER TABLE ONLY public.rollup_measure_gaps
    ADD CONSTRAINT rollup_measure_gaps_pkey PRIMARY KEY (set_id, measure);

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

ALTER TABLE ONLY public.user_totals_building
    ADD CONSTRAINT user_totals_building_pkey PRIMARY KEY (user_id, event_type);

ALTER TABLE ONLY public.user_totals
    ADD CONSTRAINT user_totals_pkey PRIMARY KEY (user_id, event_type);

CREATE INDEX alert_history_alert ON public.alert_history USING btree (alert_id, id);

CREATE INDEX alert_history_apart ON public.alert_history USING btree (at) WHERE (alert_id IS NULL);

CREATE INDEX alert_history_config ON public.alert_history USING btree (config_id, id);

CREATE INDEX alert_outbox_alert ON public.alert_outbox USING btree (alert_id, channel, recipient);

CREATE INDEX alert_outbox_due ON public.alert_outbox USING btree (next_attempt_at) WHERE ((status = 'pending'::text) AND (message_id IS NULL));

CREATE INDEX alert_outbox_in_app ON public.alert_outbox USING btree (id) WHERE ((channel = 'in_app'::text) AND (status = 'delivered'::text));

CREATE INDEX alert_outbox_message ON public.alert_outbox USING btree (message_id);

CREATE INDEX alert_outbox_waiting ON public.alert_outbox USING btree (channel, recipient) WHERE ((status = 'pending'::text) AND (message_id IS NULL));

CREATE INDEX alert_schedule_due ON public.alert_schedule USING btree (due_at);

CREATE INDEX alert_silences_end ON public.alert_silences USING btree (ends_at);

CREATE INDEX alerts_config ON public.alerts USING btree (config_id, triggered_at);

CREATE UNIQUE INDEX alerts_one_open ON public.alerts USING btree (config_id, group_key) WHERE (status <> 'resolved'::text);

CREATE INDEX alerts_over ON public.alerts USING btree (resolved_at) WHERE (status = 'resolved'::text);

CREATE INDEX alerts_time ON public.alerts USING btree (triggered_at, id);

CREATE INDEX analytics_events_batch ON ONLY public.analytics_events USING btree (batch_id);

CREATE INDEX analytics_events_stock ON ONLY public.analytics_events USING btree (((properties #>> '{product}'::text[])), occurred_at DESC) WHERE (event_type = 'inventory'::text);

CREATE INDEX analytics_events_time ON ONLY public.analytics_events USING btree (occurred_at, id);

CREATE INDEX analytics_events_user ON ONLY public.analytics_events USING btree (user_id, occurred_at) WHERE (user_id IS NOT NULL);

CREATE INDEX audit_log_object ON public.audit_log USING btree (object_type, object_id, at);

CREATE INDEX dead_letters_of_imports ON public.dead_letters USING btree (import_id, record) WHERE ((import_id IS NOT NULL) AND (replayed_at IS NULL));

CREATE INDEX dead_letters_open ON public.dead_letters USING btree (id) WHERE (replayed_at IS NULL);

CREATE INDEX notification_addresses_channel ON public.notification_addresses USING btree (channel);

CREATE INDEX notification_messages_dead ON public.notification_messages USING btree (ended_at) WHERE (status = 'dead'::text);

CREATE INDEX notification_messages_due ON public.notification_messages USING btree (channel, due_at) WHERE (status = 'pending'::text);

CREATE INDEX notification_messages_ended ON public.notification_messages USING btree (ended_at) WHERE (status <> 'pending'::text);

CREATE INDEX notification_messages_sent ON public.notification_messages USING btree (channel, address, ended_at);

CREATE INDEX notification_reads_outbox ON public.notification_reads USING btree (outbox_id);

CREATE UNIQUE INDEX rollup_rebuilds_one_running ON public.rollup_rebuilds USING btree ((true)) WHERE (state = 'running'::text);

CREATE UNIQUE INDEX rollup_sets_one_active ON public.rollup_sets USING btree (event_type, dimensions) WHERE (state = 'active'::text);

CREATE UNIQUE INDEX rollup_sets_one_building ON public.rollup_sets USING btree (event_type, dimensions) WHERE (state = 'building'::text);

CREATE TRIGGER pending_batches_merged AFTER DELETE ON public.pending_batches REFERENCING OLD TABLE AS merged FOR EACH STATEMENT EXECUTE FUNCTION public.count_merged_batches();

ALTER TABLE ONLY public.alert_outbox
    ADD CONSTRAINT alert_outbox_history_id_fkey FOREIGN KEY (history_id) REFERENCES public.alert_history(id);

ALTER TABLE ONLY public.alert_outbox
    ADD CONSTRAINT alert_outbox_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.notification_messages(id);

ALTER TABLE ONLY public.alert_schedule
    ADD CONSTRAINT alert_schedule_config_id_fkey FOREIGN KEY (config_id) REFERENCES public.alert_configs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_import_id_fkey FOREIGN KEY (import_id) REFERENCES public.imports(id);

ALTER TABLE ONLY public.notification_addresses
    ADD CONSTRAINT notification_addresses_recipient_fkey FOREIGN KEY (recipient) REFERENCES public.notification_preferences(recipient) ON DELETE CASCADE;

ALTER TABLE ONLY public.notification_attempts
    ADD CONSTRAINT notification_attempts_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.notification_messages(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.notification_reads
    ADD CONSTRAINT notification_reads_outbox_id_fkey FOREIGN KEY (outbox_id) REFERENCES public.alert_outbox(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.rollup_measure_gaps
    ADD CONSTRAINT rollup_measure_gaps_set_id_fkey FOREIGN KEY (set_id) REFERENCES public.rollup_sets(id) ON DELETE CASCADE;
