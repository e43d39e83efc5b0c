DELETE FROM session WHERE ends_at <= CAST(unixepoch('subsec') * 1000 AS INTEGER)
