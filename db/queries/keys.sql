-- name: create_key
-- Keep a new key by its hash.
INSERT INTO api_keys (name, role, hash, prefix, expires_at) VALUES ($1, $2, $3, $4, $5)
RETURNING id, name, role, prefix, created_at, expires_at, revoked_at;

-- name: list_keys
-- All keys, the newest first.
SELECT id, name, role, prefix, created_at, expires_at, revoked_at
FROM api_keys
ORDER BY created_at DESC, id;

-- name: find_key
-- The key of that hash, whatever its state.
SELECT id, name, role, prefix, created_at, expires_at, revoked_at FROM api_keys WHERE hash = $1;

-- name: valid_keys
-- Those of these hashes whose keys are neither revoked nor expired.
SELECT hash FROM api_keys
WHERE hash = ANY ($1::bytea[]) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());

-- name: revoke_key
-- End a key now; no row where it does not exist or has ended before.
UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL
RETURNING id, name, role, prefix, created_at, expires_at, revoked_at;
