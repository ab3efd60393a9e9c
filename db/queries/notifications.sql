-- name: lock
-- Only one composes at a time, so that bursts are gathered and allowances kept; whether that is us.
SELECT pg_try_advisory_xact_lock(7215004);

-- name: due
-- News that is due, and all other waiting news of the same recipients. Chosen before it is looked at closely.
WITH due AS MATERIALIZED (
    SELECT DISTINCT channel, recipient FROM (
        SELECT channel, recipient FROM alert_outbox
        WHERE status = 'pending' AND message_id IS NULL AND next_attempt_at <= $1
        ORDER BY next_attempt_at
        LIMIT $2
    ) first
), chosen AS MATERIALIZED (
    SELECT o.id FROM due JOIN alert_outbox o USING (channel, recipient)
    WHERE o.status = 'pending' AND o.message_id IS NULL
    ORDER BY o.id
    LIMIT 4 * $2
)
SELECT n.* FROM chosen JOIN notification_news n USING (id) ORDER BY n.id;

-- name: suppress
-- News that is not told, with the reasons.
UPDATE alert_outbox o SET status = 'suppressed', reason = n.reason
FROM unnest($1::bigint[], $2::text[]) AS n (id, reason)
WHERE o.id = n.id AND o.status = 'pending';

-- name: hold
-- News that is looked at again later, with the reasons.
UPDATE alert_outbox o SET next_attempt_at = n.until, reason = n.reason
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS n (id, until, reason)
WHERE o.id = n.id AND o.status = 'pending';

-- name: take_out
-- News that is held until later and leaves its message, of which the rest is sent now.
UPDATE alert_outbox o SET message_id = NULL, next_attempt_at = n.until, reason = n.reason
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS n (id, until, reason)
WHERE o.id = n.id AND o.status = 'pending';

-- name: sent
-- When messages went to these addresses lately; one that is still on its way counts as of now.
SELECT m.channel, m.address, CASE WHEN m.status = 'pending' THEN $3 ELSE m.ended_at END AS at
FROM unnest($1::text[], $2::text[]) AS d (channel, address)
JOIN notification_messages m USING (channel, address)
WHERE m.status = 'pending' OR (m.status = 'delivered' AND m.ended_at > $4);

-- name: add_messages
-- New messages, due at once.
INSERT INTO notification_messages (id, channel, address, severity, created_at, due_at)
SELECT id, channel, address, severity, $5, $5
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS n (id, channel, address, severity);

-- name: join_messages
-- Which news each message tells.
UPDATE alert_outbox o SET message_id = n.message_id, reason = 'due'
FROM unnest($1::bigint[], $2::uuid[]) AS n (id, message_id)
WHERE o.id = n.id;

-- name: claim
-- Lease messages of a channel that are due for $6 and write down the attempt; one whose lease ran out may have been sent.
WITH due AS (
    SELECT id, attempts, lease_token FROM notification_messages
    WHERE channel = $1 AND status = 'pending' AND due_at <= $2::timestamptz - $6::interval
    ORDER BY due_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
), lost AS (
    UPDATE notification_attempts a
    SET outcome = 'unknown', ended_at = $2, detail = 'the worker ended before it was known'
    FROM due
    WHERE a.message_id = due.id AND a.number = due.attempts AND a.outcome = 'sending'
), leased AS (
    UPDATE notification_messages m
    SET lease_token = $4, due_at = $5, attempts = m.attempts + 1,
        reason = CASE WHEN due.lease_token IS NULL THEN m.reason ELSE 'unknown' END
    FROM due
    WHERE m.id = due.id
    RETURNING m.id, m.channel, m.address, m.created_at, m.attempts
), begun AS (
    INSERT INTO notification_attempts (message_id, number, token, started_at)
    SELECT id, attempts, $4, $2 FROM leased
)
SELECT * FROM leased;

-- name: news_of
-- What these messages tell that nothing has overtaken so far.
SELECT * FROM notification_news WHERE message_id = ANY ($1::uuid[]) AND status = 'pending' ORDER BY id;

-- name: settle
-- What came of an attempt, if the lease is still ours; the attempt itself is noted in any case.
WITH attempt AS (
    UPDATE notification_attempts SET outcome = $6, ended_at = $7, detail = $8, provider_id = $9
    WHERE message_id = $1 AND token = $2
), doubt AS (
    SELECT count(*) > 0 AS maybe_twice FROM notification_attempts
    WHERE message_id = $1 AND outcome = 'unknown' AND token <> $2
), message AS (
    UPDATE notification_messages m
    SET status = $3, due_at = $5, lease_token = NULL,
        reason = CASE WHEN $3 = 'delivered' AND doubt.maybe_twice THEN 'maybe_twice' ELSE $4 END,
        ended_at = CASE WHEN $3 = 'pending' THEN NULL ELSE $7 END
    FROM doubt
    WHERE m.id = $1 AND m.lease_token = $2 AND m.status = 'pending'
    RETURNING m.id, m.status, m.reason, m.attempts
), ledger AS (
    UPDATE alert_outbox o
    SET status = m.status, reason = m.reason, attempts = m.attempts, provider_id = $9,
        last_error = CASE WHEN $6 = 'accepted' THEN o.last_error ELSE coalesce(nullif($8, ''), o.last_error) END,
        delivered_at = CASE WHEN m.status = 'delivered' THEN $7 END
    FROM message m
    WHERE o.message_id = m.id AND o.status = 'pending'
)
SELECT count(*) > 0 FROM message;

-- name: put_back
-- A message that is not sent now after all: the attempt was none. Pending until $4, or suppressed.
WITH message AS (
    UPDATE notification_messages
    SET status = $3, reason = $5, due_at = $4, lease_token = NULL, attempts = attempts - 1,
        ended_at = CASE WHEN $3 = 'pending' THEN NULL ELSE $6::timestamptz END
    WHERE id = $1 AND lease_token = $2 AND status = 'pending'
    RETURNING id
)
DELETE FROM notification_attempts USING message
WHERE message_id = message.id AND token = $2;

-- name: dead
-- How many messages were given up since $1, without those about nothing but the config $2.
SELECT count(*) FROM notification_messages m
WHERE m.status = 'dead' AND m.ended_at > $1
    AND EXISTS (
        SELECT FROM alert_outbox o JOIN alert_history h ON h.id = o.history_id
        WHERE o.message_id = m.id AND h.config_id <> $2
    );
