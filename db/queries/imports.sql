-- name: start
-- The state of the import of one file by one mapping, entered at its beginning where it is new.
INSERT INTO imports (file_digest, mapping, mapping_digest, file_name, columns, state)
VALUES ($1, $2, $3, $4, $5, 'running')
ON CONFLICT (file_digest, mapping_digest)
    DO UPDATE SET file_name = excluded.file_name, columns = excluded.columns
RETURNING id, position, accepted, duplicates, rejected, state;

-- name: restart
-- Put an import back to the beginning of its file.
UPDATE imports
SET position = 0, accepted = 0, duplicates = 0, rejected = '{}', state = 'running', updated_at = now()
WHERE id = $1;

-- name: advance
-- Move an import on, unless another process did so since position $2.
UPDATE imports
SET position = $3, accepted = $4, duplicates = $5, rejected = $6, state = $7, updated_at = now()
WHERE id = $1 AND position = $2
RETURNING id;
