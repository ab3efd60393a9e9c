-- How news of the outbox becomes messages: routes with escalation, preferences, messages with leases, attempts.

ALTER TABLE notification_routes
    ADD COLUMN after        interval NOT NULL DEFAULT '0' CHECK (after >= '0'),
    ADD COLUMN repeat_every interval CHECK (repeat_every >= '1 minute'),
    ADD CHECK (channel IN ('in_app', 'email', 'slack', 'sms', 'webhook'));
INSERT INTO notification_routes (severity, channel, recipient, repeat_every) VALUES
    ('warning', 'email', '*', '4 hours'), ('warning', 'slack', 'default', '4 hours'),
    ('critical', 'email', '*', '1 hour'), ('critical', 'slack', 'default', '1 hour'),
    ('critical', 'sms', '*', '1 hour');
COMMENT ON TABLE notification_routes IS
    'Who is told of what severity by which channel. *: in-app everyone who may see alerts, else all who gave an address. after: only once nobody acknowledged for so long. repeat_every: told again until someone does.';

CREATE TABLE notification_preferences (
    recipient    text        PRIMARY KEY CHECK (recipient LIKE 'user:%' OR recipient LIKE 'team:%'),
    min_severity text        NOT NULL CHECK (min_severity IN ('info', 'warning', 'critical')),
    in_app       boolean     NOT NULL,
    quiet_start  time,
    quiet_end    time,
    quiet_zone   text,
    quiet_all    boolean     NOT NULL,         -- whether quiet hours hold back critical alerts as well
    members      text[]      NOT NULL,         -- of a team: subjects who see in-app what it is told
    version      integer     NOT NULL DEFAULT 1,
    updated_at   timestamptz NOT NULL,
    updated_by   text        NOT NULL,
    CHECK (num_nulls(quiet_start, quiet_end, quiet_zone) IN (0, 3))
);

CREATE TABLE notification_addresses (
    recipient text NOT NULL REFERENCES notification_preferences ON DELETE CASCADE,
    channel   text NOT NULL CHECK (channel IN ('email', 'slack', 'sms', 'webhook')),
    address   text NOT NULL,
    PRIMARY KEY (recipient, channel)
);
CREATE INDEX notification_addresses_channel ON notification_addresses (channel);

CREATE VIEW notification_destinations AS
SELECT r.severity, r.channel, coalesce(a.recipient, r.recipient) AS recipient, r.after, r.repeat_every
FROM notification_routes r
LEFT JOIN notification_addresses a ON r.recipient = '*' AND a.channel = r.channel
WHERE r.recipient <> '*' OR r.channel = 'in_app' OR a.recipient IS NOT NULL;
COMMENT ON VIEW notification_destinations IS 'Routes with * replaced by those who gave an address for the channel.';

CREATE TABLE notification_messages (
    id           uuid        PRIMARY KEY,
    channel      text        NOT NULL,
    address      text        NOT NULL,
    severity     text        NOT NULL,
    status       text        NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'delivered', 'suppressed', 'dead')),
    reason       text        NOT NULL DEFAULT 'due',
    created_at   timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,         -- while leased: when the lease ends
    lease_token  uuid,
    attempts     integer     NOT NULL DEFAULT 0,
    ended_at     timestamptz
);
CREATE INDEX notification_messages_due ON notification_messages (channel, due_at) WHERE status = 'pending';
CREATE INDEX notification_messages_sent ON notification_messages (channel, address, ended_at);
CREATE INDEX notification_messages_dead ON notification_messages (ended_at) WHERE status = 'dead';
COMMENT ON TABLE notification_messages IS
    'What is sent in one piece: news of the outbox for one address. The id stays over all attempts and goes to the provider.';

CREATE TABLE notification_attempts (
    message_id  uuid        NOT NULL REFERENCES notification_messages ON DELETE CASCADE,
    number      integer     NOT NULL,
    token       uuid        NOT NULL,          -- of the lease it was made under
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    outcome     text        NOT NULL DEFAULT 'sending'
        CHECK (outcome IN ('sending', 'accepted', 'refused', 'unknown')),
    detail      text        NOT NULL DEFAULT '',
    provider_id text,
    PRIMARY KEY (message_id, number)
);
COMMENT ON TABLE notification_attempts IS
    'Every attempt, written before it starts. unknown: the provider may have it; it was tried again.';

ALTER TABLE alert_outbox
    DROP COLUMN lease_token,
    DROP COLUMN lease_until,
    ADD COLUMN message_id uuid REFERENCES notification_messages;
DROP INDEX alert_outbox_due, alert_outbox_alert;
CREATE INDEX alert_outbox_alert ON alert_outbox (alert_id, channel, recipient);
CREATE INDEX alert_outbox_due ON alert_outbox (next_attempt_at) WHERE status = 'pending' AND message_id IS NULL;
CREATE INDEX alert_outbox_waiting ON alert_outbox (channel, recipient)
    WHERE status = 'pending' AND message_id IS NULL;
CREATE INDEX alert_outbox_message ON alert_outbox (message_id);
CREATE INDEX alert_outbox_in_app ON alert_outbox (id) WHERE channel = 'in_app' AND status = 'delivered';
COMMENT ON COLUMN alert_outbox.next_attempt_at IS 'Before it is part of a message: when it is looked at.';

CREATE TABLE notification_reads (
    subject   text        NOT NULL,
    outbox_id bigint      NOT NULL REFERENCES alert_outbox ON DELETE CASCADE,
    read_at   timestamptz NOT NULL,
    PRIMARY KEY (subject, outbox_id)
);
COMMENT ON TABLE notification_reads IS 'What each subject has read in-app.';

CREATE VIEW notification_news AS
SELECT o.id, o.message_id, o.channel, o.recipient, o.severity, o.status, o.next_attempt_at,
       h.at, h.config_id, o.alert_id, h.name, h.group_key, h.labels, h.value, h.threshold, h.reason,
       h.event = 'resolved' OR (h.event = 'reminded' AND a.resolved_at <= h.at) IS TRUE AS over,
       a.triggered_at, a.status AS alert_status, a.acknowledged_by, a.resolved_at, a.runbook_url,
       EXISTS (
           SELECT FROM alert_outbox e
           LEFT JOIN notification_messages m ON m.id = e.message_id
           WHERE e.alert_id = o.alert_id AND e.channel = o.channel AND e.recipient = o.recipient
               AND e.history_id < o.history_id AND (e.status = 'delivered' OR m.attempts > 0)
       ) AS told
FROM alert_outbox o
JOIN alert_history h ON h.id = o.history_id
JOIN alerts a ON a.id = o.alert_id;
COMMENT ON VIEW notification_news IS
    'Rows of the outbox with what happened and how the alert stands. over: it says that the alert ended. told: the destination was, or may have been, told that it fires.';
