-- What finds alerts, history and messages that are older than they have to be kept.

CREATE INDEX alerts_over ON alerts (resolved_at) WHERE status = 'resolved';
CREATE INDEX alert_history_apart ON alert_history (at) WHERE alert_id IS NULL;
CREATE INDEX notification_messages_ended ON notification_messages (ended_at) WHERE status <> 'pending';
CREATE INDEX notification_reads_outbox ON notification_reads (outbox_id);
