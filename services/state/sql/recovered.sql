UPDATE feed_cursor SET failing_since = 0 WHERE feed = $1 AND failing_since <> 0
