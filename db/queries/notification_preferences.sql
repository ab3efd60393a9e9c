-- name: of
-- The preferences of these recipients.
SELECT p.*, coalesce(
    (SELECT jsonb_object_agg(a.channel, a.address) FROM notification_addresses a WHERE a.recipient = p.recipient),
    '{}'
) AS addresses
FROM notification_preferences p
WHERE p.recipient = ANY ($1::text[]);

-- name: all
-- Everybody's preferences.
SELECT p.*, coalesce(
    (SELECT jsonb_object_agg(a.channel, a.address) FROM notification_addresses a WHERE a.recipient = p.recipient),
    '{}'
) AS addresses
FROM notification_preferences p
ORDER BY p.recipient;

-- name: hold
-- Nobody else changes the preferences of this recipient before the transaction ends.
SELECT pg_advisory_xact_lock(7215005, hashtext($1));

-- name: put
-- New or changed preferences.
INSERT INTO notification_preferences (
    recipient, min_severity, in_app, quiet_start, quiet_end, quiet_zone, quiet_all, members, updated_at, updated_by
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (recipient) DO UPDATE
SET min_severity = excluded.min_severity, in_app = excluded.in_app, quiet_start = excluded.quiet_start,
    quiet_end = excluded.quiet_end, quiet_zone = excluded.quiet_zone, quiet_all = excluded.quiet_all,
    members = excluded.members, version = notification_preferences.version + 1,
    updated_at = excluded.updated_at, updated_by = excluded.updated_by
RETURNING version;

-- name: clear_addresses
-- Without addresses, to be followed by add_addresses.
DELETE FROM notification_addresses WHERE recipient = $1;

-- name: add_addresses
-- Addresses by channel.
INSERT INTO notification_addresses (recipient, channel, address)
SELECT $1, * FROM unnest($2::text[], $3::text[]);

-- name: forget
-- A recipient who wants nothing any more.
DELETE FROM notification_preferences WHERE recipient = $1;

-- name: teams_of
-- The teams that a subject is a member of.
SELECT recipient FROM notification_preferences WHERE $1 = ANY (members);
