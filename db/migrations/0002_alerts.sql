-- Alert configs, their schedule and state, what happened, silences, routes and the outbox of notifications.

CREATE TABLE alert_configs (
    id         uuid        PRIMARY KEY,
    name       text        NOT NULL UNIQUE,
    severity   text        NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    enabled    boolean     NOT NULL,
    definition jsonb       NOT NULL,           -- the whole config as it is exported, see domain/alert_documents.py
    version    integer     NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    created_by text        NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by text        NOT NULL
);

CREATE TABLE alert_schedule (
    config_id    uuid        PRIMARY KEY REFERENCES alert_configs ON DELETE CASCADE,
    due_at       timestamptz NOT NULL,
    fed_until    timestamptz,                  -- buckets that end by then were shown to the anomaly detector
    evaluated_at timestamptz,
    problem      text                          -- why the last evaluation has no value
);
CREATE INDEX alert_schedule_due ON alert_schedule (due_at);
COMMENT ON TABLE alert_schedule IS
    'When each enabled config is due. A worker locks the row for as long as it evaluates; apart from the config, so that nobody waits to edit it.';

CREATE TABLE alert_evaluations (
    slot      timestamptz NOT NULL,            -- the minute, or the multiple of the config''s own schedule
    config_id uuid        NOT NULL,
    missed    integer     NOT NULL,            -- slots before it that nobody evaluated
    PRIMARY KEY (slot, config_id)
);
COMMENT ON TABLE alert_evaluations IS
    'The claim of each evaluation, in its transaction: one per config and slot over any number of workers. Kept for hours.';

CREATE TABLE alert_states (
    config_id      uuid        NOT NULL,
    group_key      text        NOT NULL,       -- JSON [[dimension, value], …] in the order of groupBy
    phase          text        NOT NULL
        CHECK (phase IN ('ok', 'pending', 'firing', 'recovering', 'no_data', 'error')),
    since          timestamptz NOT NULL,       -- of the phase
    breached_since timestamptz,
    cleared_since  timestamptz,
    open           boolean     NOT NULL,       -- whether alert_id is open
    alert_id       uuid,                       -- the latest alert
    told_open      boolean     NOT NULL DEFAULT false,
    told_at        timestamptz,
    seen_at        timestamptz NOT NULL,       -- when the group last had events
    value          double precision,
    compared       double precision,
    reason         text        NOT NULL DEFAULT '',
    detector       bytea,
    version        integer     NOT NULL DEFAULT 1,
    PRIMARY KEY (config_id, group_key)
);
COMMENT ON TABLE alert_states IS
    'Where each config and group stands. told_open: what the last notification said, which a cooldown or silence may hold behind.';

CREATE TABLE alerts (
    id              uuid        PRIMARY KEY,
    config_id       uuid        NOT NULL,
    name            text        NOT NULL,      -- of the config when it fired, as are the next four
    severity        text        NOT NULL,
    labels          jsonb       NOT NULL,
    runbook_url     text,
    threshold       double precision,
    group_key       text        NOT NULL,
    status          text        NOT NULL CHECK (status IN ('firing', 'acknowledged', 'resolved')),
    triggered_at    timestamptz NOT NULL,
    value           double precision,
    reason          text        NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text,
    resolved_at     timestamptz,
    resolved_by     text,                      -- null: it resolved by itself
    resolution      text
);
CREATE UNIQUE INDEX alerts_one_open ON alerts (config_id, group_key) WHERE status <> 'resolved';
CREATE INDEX alerts_time ON alerts (triggered_at, id);
CREATE INDEX alerts_config ON alerts (config_id, triggered_at);
COMMENT ON TABLE alerts IS 'One row from firing to resolved, per config and group.';

CREATE TABLE alert_history (
    id         bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz      NOT NULL,
    event      text             NOT NULL
        CHECK (event IN ('fired', 'resolved', 'changed', 'reminded', 'acknowledged', 'commented')),
    config_id  uuid             NOT NULL,
    alert_id   uuid,                           -- null: no alert was open, as for a change to pending
    name       text             NOT NULL,
    severity   text             NOT NULL,
    group_key  text             NOT NULL,
    labels     jsonb            NOT NULL,
    from_phase text             NOT NULL,
    to_phase   text             NOT NULL,
    value      double precision,
    threshold  double precision,
    reason     text             NOT NULL,
    subject    text,                           -- who did it; null: the engine
    notice     text             NOT NULL CHECK (notice IN ('none', 'send', 'cooldown', 'silenced', 'stale'))
);
CREATE INDEX alert_history_alert ON alert_history (alert_id, id);
CREATE INDEX alert_history_config ON alert_history (config_id, id);
COMMENT ON TABLE alert_history IS
    'Everything that happened to alerts. Writers hold an advisory lock from insert to commit, so ids become visible in order: whoever has read up to an id misses nothing before it.';

CREATE TABLE alert_silences (
    id         uuid        PRIMARY KEY,
    matchers   jsonb       NOT NULL,           -- [[label, [values]], …], all of which must match
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    comment    text        NOT NULL,
    created_by text        NOT NULL,
    expired_by text                            -- who ended it early
);
CREATE INDEX alert_silences_end ON alert_silences (ends_at);

CREATE TABLE notification_routes (
    severity  text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    channel   text NOT NULL,
    recipient text NOT NULL,
    PRIMARY KEY (severity, channel, recipient)
);
INSERT INTO notification_routes (severity, channel, recipient) VALUES
    ('info', 'in_app', '*'), ('warning', 'in_app', '*'), ('critical', 'in_app', '*');
COMMENT ON TABLE notification_routes IS 'Who is told of what severity by which channel. In-app to * is everyone who may see alerts.';

CREATE TABLE alert_outbox (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    history_id      bigint      NOT NULL REFERENCES alert_history,
    alert_id        uuid,
    channel         text        NOT NULL,
    recipient       text        NOT NULL,
    severity        text        NOT NULL,
    status          text        NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'delivered', 'suppressed', 'dead')),
    reason          text,                      -- why it was suppressed: cooldown, silenced, stale, …
    attempts        integer     NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    lease_token     uuid,
    lease_until     timestamptz,
    last_error      text,
    provider_id     text,
    created_at      timestamptz NOT NULL,
    delivered_at    timestamptz,
    UNIQUE (history_id, channel, recipient)
);
CREATE INDEX alert_outbox_due ON alert_outbox (next_attempt_at) WHERE status = 'pending';
CREATE INDEX alert_outbox_alert ON alert_outbox (alert_id, id);
COMMENT ON TABLE alert_outbox IS
    'One row per history row, channel and recipient, written in the transaction of the history row; also for what was not sent, with the reason.';
