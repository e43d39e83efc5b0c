INSERT INTO view_state (view, generation, current)
SELECT $1, max(generation) + 1, false FROM view_state WHERE view = $1
RETURNING generation
