INSERT INTO view_state (view, generation, current, readable_from, code)
SELECT $1, max(generation) + 1, true, $2, $3 FROM view_state WHERE view = $1
