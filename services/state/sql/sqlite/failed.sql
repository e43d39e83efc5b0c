UPDATE feed_cursor SET failed_at = CAST(unixepoch('subsec') * 1000 AS INTEGER), failure = $2 WHERE feed = $1
