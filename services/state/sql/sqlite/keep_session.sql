INSERT INTO session (id, owner, body, idle_at, ends_at) VALUES ($1, $2, $3, CAST(unixepoch('subsec') * 1000 AS INTEGER) + $4, CAST(unixepoch('subsec') * 1000 AS INTEGER) + $5)
