INSERT INTO view_state (view, generation, current, code)
SELECT $1, max(generation) + 1, false, $2 FROM view_state WHERE view = $1
RETURNING generation
